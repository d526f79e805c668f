// The form: the fields of one row, or the whole body as JSON.
const state = { operation: null, json: 0, variant: 0, example: 0, fields: new Map() };

const names = () => api.document["x-interface"];
const isList = () => names().style === "readings";
const coding = ({ properties }) => properties.encoding?.enum[0];

// Kinds of row: forms of the body, or of the elements of its list.
function variants(operation) {
  const found = forms(content(operation)[0][1].schema);
  return isList() ? found.flatMap(({ properties }) => forms(properties[names().list].items)) : found;
}

// Examples that are rows of this kind.
function exampleRows(variant) {
  const own = api.info.encodings?.[0];
  return examples(state.operation).map(({ name, value }) => ({ name, value: isList() ? value[names().list][0] : value }))
    .filter(({ value }) => (variant.required || []).every((name) => name in value))
    .filter(({ value }) => !coding(variant) || (value.encoding ?? own) === coding(variant));
}

function field(name, schema, isRequired, given = "") {
  const id = `field-${name}`, codes = schema["x-codes"] || [], unit = schema["x-unit"];
  const control = codes.some(({ value }) => value === given)
    ? h("select", {}, codes.map(({ value, label }) => h("option", { value, selected: value === given }, `${value} – ${label}`)))
    : h("input", { type: "text", inputmode: schema["x-plausible"] && "decimal", autocomplete: "off", value: given });
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
  state.fields.set(name, control);
  const { minimum: least, maximum: most } = schema.anyOf?.[0] || schema;
  const isOpen = !(Math.abs(most) < Number.MAX_SAFE_INTEGER);
  const bounds = !(Math.abs(least) < Number.MAX_SAFE_INTEGER) ? "" : isOpen ? `, ${least} or more` : `, ${least} to ${most}`;
  return h("div", { class: "field" }, h("label", { for: id }, schema.title || name),
    h("div", { class: "input" }, control, unit && h("span", { class: "unit soft" }, unit)),
    h("small", { id: `${id}-hint` }, h("code", {}, name), bounds, isRequired ? "" : ", optional"),
    h("div", { class: "wrong", id: `${id}-wrong` }));
}

// What was typed: numbers where it reads as one and the field is a feature.
function row() {
  const variant = variants(state.operation)[state.variant], row = {};
  for (const [name, { value }] of state.fields) {
    const text = value.trim();
    if (text) row[name] = api.info.features.includes(name) && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  if (coding(variant) !== api.info.encodings?.[0]) row.encoding = coding(variant);
  return isList() ? { [names().list]: [row] } : row;
}

const choice = (label, texts, key) => texts.length > 1 && h("label", { class: "soft" }, label,
  h("select", { onchange: (event) => showForm({ example: 0, [key]: event.target.selectedIndex }, `[data-key=${key}]`), "data-key": key },
    texts.map((text, index) => h("option", { selected: index === state[key] }, text))));

function showForm(change, focus) {
  Object.assign(state, change);
  state.fields.clear();
  const kinds = variants(predicting()[0]), variant = kinds[state.variant];
  if (!state.json) state.operation = predicting()[0];
  const rows = state.json ? predicting().flatMap(examples) : exampleRows(variant);
  const picked = rows[state.example];
  if (state.json) state.operation = picked.operation;
  const text = h("textarea", { spellcheck: "false", "aria-label": "Body as JSON" });
  text.value = pretty(picked.value);
  const rank = (name) => api.info.features.indexOf(name);
  const order = Object.keys(variant.properties).filter((name) => name !== "encoding").sort((one, other) => rank(one) - rank(other));
  const explain = h("input", { type: "checkbox", checked: true });
  const canExplain = parameters(state.operation).some(({ name }) => name === "explain");
  const onsubmit = (event) => {
    event.preventDefault();
    send(state.operation, state.json ? text.value : JSON.stringify(row()), canExplain && explain.checked ? "?explain=true" : "", event.submitter);
  };
  at("request").replaceChildren(h("form", { novalidate: true, onsubmit },
    h("div", { class: "bar" }, choice("Request as", ["form", "JSON"], "json"),
      !state.json && choice("Kind of row", kinds.map(({ title }) => title || "row"), "variant"),
      choice("Example", rows.map(({ operation, name }) => (operation ? `${operation.path}: ${name}` : name)), "example")),
    state.json ? text : h("div", { class: "fields" }, order.map((name) =>
      field(name, variant.properties[name], variant.required?.includes(name), picked?.value[name]))),
    h("div", { class: "actions" }, h("button", { class: "primary" }, "Predict"),
      canExplain && h("label", {}, explain, " Explain"), h("span", { class: "soft" }, `POST ${state.operation.path}`))));
  if (focus) at("request").querySelector(focus).focus();
}

// Shows what is wrong at the fields that it is about, and goes to the first.
function mark(problems) {
  for (const [name, control] of state.fields) {
    const rules = problems.filter(({ loc }) => loc?.at(-1) === name).map(({ msg }) => msg);
    control.setAttribute("aria-invalid", rules.length > 0);
    at(`field-${name}-wrong`).textContent = rules.join("; ");
  }
  at("request").querySelector("[aria-invalid=true]")?.focus();
}
