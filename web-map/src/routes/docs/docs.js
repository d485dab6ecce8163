// Shows /openapi.json as a page: one article a route, with its parameters, body and answers.

/** An element with attributes and children; text children are never read as HTML. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A schema as a short type: `string`, `[string, number][]`, `Cells`. */
function shortType(schema) {
  if (schema === undefined || schema === true) return "any";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.oneOf || schema.anyOf) return (schema.oneOf ?? schema.anyOf).map(shortType).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [schema.type].flat().filter(Boolean);
  if (types.includes("array")) {
    const inner = schema.prefixItems ? `[${schema.prefixItems.map(shortType).join(", ")}]` : `${shortType(schema.items)}[]`;
    return types.includes("null") ? `${inner} | null` : inner;
  }
  return types.join(" | ") || "any";
}

/** The lines of a schema's fields, with what each is about. */
function fields(schema, document) {
  const target = schema.$ref ? document.components.schemas[schema.$ref.split("/").at(-1)] : schema;
  const parts = target.allOf ?? [target];
  return parts.flatMap((part) => {
    if (part.$ref) return fields(part, document);
    const required = new Set(part.required ?? []);
    return Object.entries(part.properties ?? {}).map(([name, property]) =>
      row(name + (required.has(name) ? "" : "?"), shortType(property), property.description ?? ""));
  });
}

function row(...cells) {
  const [name, ...rest] = cells;
  return element("tr", {}, element("td", {}, element("code", {}, name)), ...rest.map((cell) => element("td", {}, cell)));
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", {}, text)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

/** What a body or an answer holds, by media type. */
function content(described, document) {
  return Object.entries(described ?? {}).map(([type, { schema }]) => {
    const rows = schema ? fields(schema, document) : [];
    const title = element("summary", {}, element("code", {}, type), ` ${shortType(schema)}`);
    return element("details", {}, title, rows.length > 0 ? table(["field", "type", ""], rows) : undefined);
  });
}

function article(method, path, operation, document) {
  const made = element("article", { id: `${method}${path}`, class: method });
  made.append(element("h3", {}, element("span", { class: "method" }, method.toUpperCase()), " ", path));
  for (const text of [operation.summary, operation.description]) {
    if (text) made.append(element("p", {}, text));
  }
  const parameters = (operation.parameters ?? []).map((parameter) =>
    row(parameter.name + (parameter.required ? "" : "?"), parameter.in, shortType(parameter.schema), parameter.description ?? ""));
  if (parameters.length > 0) made.append(table(["parameter", "in", "type", ""], parameters));
  if (operation.requestBody) {
    made.append(element("p", {}, element("strong", {}, "Body")), ...content(operation.requestBody.content, document));
  }
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    made.append(element("p", {}, element("strong", {}, status), " ", answer.description ?? ""), ...content(answer.content, document));
  }
  return made;
}

const answer = await fetch("/openapi.json");
const openapi = await answer.json();
const index = document.getElementById("index");
const routes = document.getElementById("routes");
routes.prepend(element("h1", {}, openapi.info.title), element("p", {}, openapi.info.description ?? ""));
const byTag = new Map();
for (const [path, methods] of Object.entries(openapi.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const tag = operation.tags?.[0] ?? "other";
    byTag.set(tag, [...(byTag.get(tag) ?? []), { method, path, operation }]);
  }
}
for (const [tag, operations] of byTag) {
  index.append(element("h2", {}, tag));
  routes.append(element("h2", {}, tag));
  for (const { method, path, operation } of operations) {
    index.append(element("a", { href: `#${method}${path}` }, `${method.toUpperCase()} ${path}`));
    routes.append(article(method, path, operation, openapi));
  }
}
