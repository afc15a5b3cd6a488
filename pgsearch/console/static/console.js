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
    const named = `[data-key="${CSS.escape(event.key)}"]`;
    const button = document.querySelector(`.chosen ${named}`) || document.querySelector(`[data-next] ${named}`)
      || document.querySelector(`${named}:not([data-row] *)`);
    if (button) button.click();
    else if (event.key === "j") go(1);
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

  // a copy of a statement or command; without https there is no clipboard, but there is a selection
  const copied = async (element) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(element.textContent.trim());
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  };
  const offer = () => document.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    copied(document.getElementById(button.dataset.copy)).then(() => {
      const before = button.textContent;
      button.textContent = `${button.dataset.done} ✓`;
      button.disabled = true;
      setTimeout(() => { button.textContent = before; button.disabled = false; }, 2000);
    });
  });

  // what is brought up to date keeps what somebody opened, and where the keys are; nobody looks at a hidden tab
  const opened = (live) => [...live.querySelectorAll("details")].map((one) => one.open);
  let kept = null;
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.id === "live" && document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:before:swap", () => {
    const live = document.getElementById("live");
    const focus = live && live.contains(document.activeElement) ? document.activeElement : null;
    kept = live && {
      opened: opened(live),
      focus: focus && [...live.querySelectorAll(focus.localName)].indexOf(focus),
      name: focus && focus.localName,
    };
  });
  document.addEventListener("htmx:after:swap", () => {
    offer();
    const live = document.getElementById("live");
    if (!live || !kept) return;
    live.querySelectorAll("details").forEach((one, number) => { one.open = kept.opened[number] || one.open; });
    if (kept.name) live.querySelectorAll(kept.name)[kept.focus]?.focus({ preventScroll: true });
    if (at >= 0) rows().forEach((row, number) => row.classList.toggle("chosen", number === at));
    kept = null;
  });

  document.addEventListener("DOMContentLoaded", () => {
    offer();
    // the names of the pages are a line on a phone, longer than it is wide
    const here = document.querySelector(".side [aria-current]");
    const line = here && here.closest("ul");
    if (line) line.scrollLeft = here.offsetLeft - (line.clientWidth - here.clientWidth) / 2;
  });

  // a choice in the filters is shown at once
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // an answer as it comes; without this file the form brings it as a whole
  const said = (kind, text) => {
    const made = document.getElementById(`said-${kind}`).content.firstElementChild.cloneNode(true);
    made.firstElementChild.textContent = text;
    const talk = document.getElementById("talk");
    talk.querySelector(".empty")?.remove();
    talk.append(made);
    made.scrollIntoView({ block: "nearest" });
    return made.firstElementChild;
  };

  const streamed = async (form) => {
    const body = new URLSearchParams(new FormData(form));
    said("user", body.get("message"));
    const answer = said("other", "");
    const came = await fetch(form.dataset.stream, { method: "POST", body });
    if (!came.ok) {
      const page = new DOMParser().parseFromString(await came.text(), "text/html");
      answer.textContent = page.querySelector("[role=alert]")?.textContent.trim() || came.statusText;
      return;
    }
    const reader = came.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (kept + part.value).split("\n");
      kept = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const event = JSON.parse(line.slice(5));
        if (event.type === "delta") answer.textContent += event.content;
        else if (event.type === "error") answer.textContent = JSON.parse(event.problem).detail;
        else if (event.type === "end") location.href = `/chat?conversation=${encodeURIComponent(event.conversation_id)}`;
      }
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-stream]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    streamed(form).finally(() => { button.disabled = false; form.message.value = ""; });
  });
})();
