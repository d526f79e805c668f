async function load(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

async function start() {
  [api.document, api.info] = await Promise.all(["openapi.json", "model/info"].map(load));
  const { title, summary, version } = api.document.info;
  document.title = `${title}: prediction API`;
  at("title").textContent = title;
  at("lead").textContent = summary;
  at("chips").replaceChildren(...[api.info.model_name, `version ${version}`, api.info.model_type].map((text) => h("span", { class: "chip" }, text)));
  showForm();
  at("result").replaceChildren(h("p", {}, "“Predict” sends the values to this service. They are of a row that the model was checked with: change what you like."));
  showModel();
  showReference();
}

start().catch((error) => {
  at("failure").textContent = `This page could not be built: ${error.message}`;
});
