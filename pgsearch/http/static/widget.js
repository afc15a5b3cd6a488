// A search box for any page:
//   <script src="https://search.example.org/static/widget.js" data-collection="handbook" data-link="/pages/{external_id}" defer></script>
// It stands where the script stands, or in the element that data-into names. It loads nothing else, and asks its own server alone.
(() => {
  "use strict";
  const script = document.currentScript;
  const { collection, token, link, into, label = "Search", none = "Nothing was found.", failed = "The search is away." } = script.dataset;
  const server = script.dataset.server || new URL(script.src).origin;
  const session = sessionStorage.pgsearch || (sessionStorage.pgsearch = crypto.randomUUID());
  const id = `pgsearch-${Math.random().toString(36).slice(2, 8)}`;
  const headers = token ? { Authorization: `Bearer ${token}` } : {};

  const element = (tag, given = {}, ...parts) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
    made.append(...parts);
    return made;
  };

  // what came between marks is text, whatever it looks like
  const marked = (snippet) => snippet.split(/(<mark>.*?<\/mark>)/s).map((part) => {
    const inner = /^<mark>(.*)<\/mark>$/s.exec(part);
    return inner ? element("mark", {}, inner[1]) : part;
  });

  const ask = async (path, words, signal) => {
    const given = new URLSearchParams(Object.entries(words).filter(([, value]) => value));
    const answer = await fetch(`${server}/api${path}?${given}`, { headers, signal });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };

  // only addresses of the web: a page of the index may say anything of itself
  const address = (hit) => {
    const found = link
      ? link.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(hit[name] ?? ""))
      : hit.source || "";
    try {
      return /^https?:$/.test(new URL(found, location.href).protocol) ? found : "";
    } catch {
      return "";
    }
  };

  const clicked = (queryId, hit, rank) => fetch(`${server}/api/search/feedback`, {
    method: "POST",
    keepalive: true,
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ query_id: queryId, clicked_rank: rank, clicked_chunk_id: String(hit.chunk_id), context: { session_id: session } }),
  }).catch(() => {});

  const input = element("input", {
    type: "search", role: "combobox", autocomplete: "off", "aria-label": label, placeholder: label,
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, part: "input",
  });
  const list = element("ul", { id: `${id}-list`, role: "listbox", "aria-label": label, hidden: "", part: "suggestions" });
  const status = element("p", { role: "status", part: "status" });
  const hits = element("ol", { part: "hits" });
  const form = element("form", { role: "search" }, input, list);
  const style = new CSSStyleSheet();
  style.replaceSync(`:host { display: block; position: relative; font: inherit }
form { position: relative } input { width: 100%; box-sizing: border-box; font: inherit; padding: .5em .7em }
ul { position: absolute; z-index: 9; inset-inline: 0; margin: 0; padding: 0; list-style: none; background: Canvas; color: CanvasText; border: 1px solid GrayText; max-height: 20em; overflow: auto }
li[role=option] { padding: .4em .7em; cursor: pointer } li[aria-selected=true] { background: Highlight; color: HighlightText }
ol { list-style: none; margin: 0; padding: 0 } ol li { margin: .9em 0; overflow-wrap: anywhere } ol p { margin: .2em 0 } p[role=status] { min-height: 1.4em; margin: .3em 0 }`);
  const host = element("pgsearch-box");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [style];
  root.append(form, status, hits);
  if (into) document.querySelector(into).append(host);
  else script.after(host);

  let at = -1;
  let asking = null;
  let waiting = 0;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (step) => {
    const options = [...list.children];
    if (list.hidden || !options.length) return;
    at = (at + step + options.length) % options.length;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };

  const search = async () => {
    close();
    clearTimeout(waiting);
    asking?.abort();
    const query = input.value.trim();
    hits.replaceChildren();
    status.textContent = "";
    if (!query) return;
    asking = new AbortController();
    try {
      const found = await ask("/wiki/search", { q: query, collection, page_limit: "7", session_id: session }, asking.signal);
      status.textContent = found.hits.length ? "" : none;
      hits.replaceChildren(...found.hits.map((hit, number) => {
        const to = address(hit);
        const title = element(to ? "a" : "b", to ? { href: to } : {}, hit.title || hit.external_id);
        title.addEventListener("click", () => clicked(found.query_id, hit, number + 1));
        return element("li", {}, title, element("p", {}, ...marked(hit.snippet)));
      }));
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = failed;
    }
  };

  const suggest = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const { suggestions } = await ask("/search/suggestions", { q: input.value, collection }, asking.signal);
      list.replaceChildren(...suggestions.map((one, number) => {
        const option = element("li", { role: "option", id: `${id}-${number}`, "aria-selected": "false" }, one.text);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          input.value = one.text;
          search();
        });
        return option;
      }));
      at = -1;
      list.hidden = !suggestions.length;
      input.setAttribute("aria-expanded", String(suggestions.length > 0));
    } catch {
      // no suggestions are no failure
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    if (input.value.trim()) waiting = setTimeout(suggest, 150);
    else close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      choose(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    } else if (event.key === "Escape") close();
    else if (event.key === "Enter" && at >= 0) input.value = list.children[at].textContent;
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
})();
