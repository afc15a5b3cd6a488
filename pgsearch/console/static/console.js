// Keys, and nothing that a page needs: every link and form works without this file.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let at = -1;

  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all.forEach((row, number) => row.classList.toggle("chosen", number === at));
    const link = all[at].querySelector("a, button, summary") || all[at];
    link.focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  };

  const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (isTyping(event.target)) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "?") document.getElementById("keys").showModal();
    else if (event.key === "/") {
      const box = document.querySelector("input[type=search]");
      if (box) box.focus();
      else location.href = "/search";
      event.preventDefault();
    } else if (/^[1-9]$/.test(event.key)) {
      const tab = document.querySelectorAll("[data-tab]")[Number(event.key) - 1];
      if (tab) tab.click();
    }
  });

  // a copy of a statement or command
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text.trim()).then(() => button.classList.add("done"));
  });

  // a choice in the filters is shown at once
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
})();
