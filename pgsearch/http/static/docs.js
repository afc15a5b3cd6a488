"use strict";

const element = (tag, content = "", properties = {}) => {
  const made = Object.assign(document.createElement(tag), properties);
  for (const part of [content].flat()) made.append(part);
  return made;
};

const resolve = (schema, document) => {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.split("/").slice(1).reduce((at, key) => at[key], document);
};

const kind = (schema, document) => {
  const found = resolve(schema, document);
  if (found.anyOf) return found.anyOf.map((one) => kind(one, document)).join(" or ");
  if (found.type === "array") return `list of ${kind(found.items, document)}`;
  if (schema && schema.$ref) return schema.$ref.split("/").pop();
  return found.format || found.type || "any";
};

const fields = (schema, document) => {
  const found = resolve(schema, document);
  return Object.entries(found.properties || {}).map(([name, field]) => ({
    name,
    place: "body",
    kind: kind(field, document),
    required: (found.required || []).includes(name),
    description: field.description || (field.default !== undefined ? `default ${JSON.stringify(field.default)}` : ""),
  }));
};

const table = (rows) => element("table", [
  element("tr", ["name", "in", "type", "meaning"].map((head) => element("th", head))),
  ...rows.map((row) => element("tr", [
    element("td", element("code", row.name + (row.required ? " *" : ""))),
    element("td", row.place),
    element("td", row.kind),
    element("td", row.description),
  ])),
]);

const operation = (method, path, told, document) => {
  const parameters = (told.parameters || []).map((one) => ({
    name: one.name,
    place: one.in,
    kind: kind(one.schema, document),
    required: one.required,
    description: one.description || (one.schema && one.schema.description) || "",
  }));
  const body = told.requestBody && told.requestBody.content["application/json"].schema;
  const rows = parameters.concat(body ? fields(body, document) : []);
  const statuses = Object.entries(told.responses).map(([status, one]) => `${status} ${one.description}`).join(", ");
  const answer = told.responses["200"] && (told.responses["200"].content || {})["application/json"];
  const answered = answer ? fields(answer.schema, document).map((row) => ({ ...row, place: "answer" })) : [];
  const made = element("details", [
    element("summary", [
      element("span", method.toUpperCase(), { className: "method" }), element("code", path), ` ${told.summary || ""}`,
    ]),
    element("pre", told.description || ""),
    ...(told["x-administrators-only"] ? [element("p", "For administrators.", { className: "note" })] : []),
    ...(rows.length ? [table(rows)] : []),
    ...(answered.length ? [element("p", "Answer:"), table(answered)] : []),
    element("p", statuses, { className: "note" }),
  ]);
  made.dataset.text = `${method} ${path} ${told.summary || ""} ${told.description || ""}`.toLowerCase();
  return made;
};

const show = (document_) => {
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, told] of Object.entries(methods)) {
      const group = (told.tags || ["other"])[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operation(method, path, told, document_));
    }
  }
  const sections = [...groups].map(([name, made]) => element("section", [element("h2", name), ...made]));
  document.getElementById("operations").replaceChildren(...sections);
};

document.getElementById("find").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const one of document.querySelectorAll("details")) {
    one.hidden = !words.every((word) => one.dataset.text.includes(word));
  }
  for (const one of document.querySelectorAll("section")) one.hidden = !one.querySelector("details:not([hidden])");
});

fetch("/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(show)
  .catch((error) => document.getElementById("operations").replaceChildren(element("p", `Not loaded: ${error.message}`)));
