// The model, and every operation with its parameters, bodies and answers.
function showModel() {
  const { metadata, classes, threshold, sha256, version, model_type: type, features } = api.info;
  const { provenance = {}, quality = {}, target, intended_use: use, limits } = metadata || {}, { source } = provenance;
  const table = (title, rows, note) => rows.length > 0 && h("div", {}, h("h3", {}, title), h("table", {}, rows.map(([name, value]) =>
    value && h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))), note && h("p", { class: "soft" }, note));
  const items = (title, list) => Array.isArray(list) && h("div", {}, h("h3", {}, title), h("ul", {}, list.map((text) => h("li", {}, prose(String(text))))));
  const figure = (value) => (typeof value === "number" ? shown(value) : value?.mean && `${value.mean.toFixed(3)} ± ${value.sd?.toFixed(3)}`);
  const metrics = Object.entries(quality.metrics || quality.candidates?.[0].test || {}).map(([name, value]) => [name.replaceAll("_", " "), figure(value)]);
  at("facts").replaceChildren(...[
    table("Facts", Object.entries({ type, version, classes: classes.join(", ").replaceAll("_", " "), threshold: shown(threshold), features: features.length,
      target, trained: provenance.date, rows: provenance.rows_used, data: source?.name ?? source, licence: source?.licence, "SHA-256": sha256.slice(0, 16) + "…" })),
    table("Quality", metrics, quality.protocol), items("Intended use", use), items("Limits", limits)].filter(Boolean));
}

function showReference() {
  const groups = api.document.tags.map(({ name, description }) => {
    const members = operations().filter(({ tags }) => tags[0] === name);
    return members.length > 0 && h("div", {}, h("h3", {}, name, h("small", {}, description)), members.map(operationDetails));
  });
  at("operations").replaceChildren(...groups.filter(Boolean));
  at("schemas").replaceChildren(...Object.entries(api.document.components.schemas).map(([name, schema]) =>
    details("operation", [h("span", { class: "path" }, name)], () => h("div", {}, linked(schema)), `schema-${name}`)));
}

// A part whose content is made when it is opened for the first time.
function details(kind, summary, content, id) {
  const element = h("details", { class: kind, id }, h("summary", {}, summary));
  element.addEventListener("toggle", () => element.append(content()), { once: true });
  return element;
}

// A schema whose references lead to the list of schemas.
function linked(schema) {
  const open = ({ target }) => (at(target.hash.slice(1)).open = true);
  const parts = pretty(schema).split(/"#\/components\/schemas\/([\w.-]+)"/);
  return h("pre", { tabindex: 0 }, parts.map((part, index) => (index % 2 ? h("a", { href: `#schema-${part}`, onclick: open }, part) : part)));
}

function operationDetails(operation) {
  const { path, method, summary, description = "", responses } = operation;
  const body = (type, { schema }) => details("", ["Body: ", h("code", {}, type)], () => linked(schema));
  const answer = (status, { description, content = {} }) => details("", [h("b", {}, status), ` ${description}`],
    () => h("div", {}, Object.entries(content).map(([type, { schema }]) => [h("code", {}, type), linked(schema)])));
  return details("operation", [h("span", { class: "method" }, method), h("span", { class: "path" }, path), h("span", {}, summary)],
    () => h("div", {}, description && h("p", {}, prose(description)), parameterTable(parameters(operation)), content(operation).map((part) => body(...part)),
      Object.entries(responses).map(([status, response]) => answer(status, resolve(response))), copyable(curl(operation))));
}

function parameterTable(all) {
  const cells = (tag, texts) => h("tr", {}, texts.map((text) => h(tag, {}, text)));
  return all.length > 0 && h("table", {}, h("thead", {}, cells("th", ["parameter", "in", "what", "values"])),
    all.map(({ name, in: where, description, schema }) => cells("td", [h("code", {}, name), where, description, (schema.enum || [schema.type].flat()).join(", ")])));
}
