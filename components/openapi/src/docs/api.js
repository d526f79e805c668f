// What the document says, in the form that the page needs.
const api = { document: null, info: null };

function resolve(value) {
  while (value?.$ref) value = value.$ref.slice(2).split("/").reduce((part, key) => part[key], api.document);
  return value;
}
const forms = (schema) => (resolve(schema).anyOf || [schema]).map(resolve);

function operations() {
  const found = Object.entries(api.document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })));
  const rank = ({ path }) => path.length;
  return found.sort((one, other) => rank(one) - rank(other));
}
const predicting = () => operations().filter(({ tags }) => tags[0] === api.document.tags[0].name);
const content = ({ requestBody }) => Object.entries(requestBody?.content || {});
const examples = (operation) => Object.entries(content(operation)[0]?.[1].examples || {}).map(([name, { value }]) => ({ operation, name, value }));
const parameters = (operation) => (operation.parameters || []).map(resolve);

// Paths are relative to this page, so that it works wherever it is mounted.
const relative = (path) => path.slice(1) || ".";

function curl(operation, body = examples(operation)[0]?.value, query = "") {
  const path = parameters(operation).reduce((path, { name, example }) => path.replace(`{${name}}`, encodeURIComponent(example)), operation.path);
  const line = `curl -s${operation.method === "GET" ? "" : ` -X ${operation.method}`} '${new URL(relative(path), location.href)}${query}'`;
  if (body === undefined) return line;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return `${line} -H 'content-type: ${content(operation)[0][0]}' -d '${text.replaceAll("'", "'\\''")}'`;
}
