// The answer: what is predicted, how sure, why, and the exchange as it was.
async function send(operation, text, query, button) {
  button.disabled = true;
  const started = performance.now(), answer = { status: 0 };
  try {
    const response = await fetch(relative(operation.path) + query, { method: "POST", headers: { "content-type": "application/json" }, body: text });
    answer.text = await response.text();
    [answer.status, answer.id] = [response.status, response.headers.get("x-request-id")];
    answer.json = JSON.parse(answer.text);
  } catch (error) {
    answer.text ??= `No answer: ${error.message}`;
  }
  answer.took = performance.now() - started;
  button.disabled = false;
  const problems = [answer.json?.detail, answer.json?.details].find(Array.isArray) || [];
  const found = answer.status === 200 ? predictions(answer.json) : refusal(answer, problems);
  at("result").replaceChildren(...found, exchange(operation, text, query, answer));
  at("result").scrollIntoView({ block: "nearest" });
  mark(problems);
}

function predictions(json) {
  const all = json.predictions || [json];
  return [h("p", { class: "soft" }, all.length === 1 ? "Predicted" : `${all.length} predictions, ${Math.min(all.length, 20)} shown`), ...all.slice(0, 20).map(prediction)];
}

function prediction(one) {
  const { group, prediction, score, style, positive_class: positive } = names();
  const readable = (index) => api.info.classes[index].replaceAll("_", " ");
  const about = one[group] || (one.encoding && `read in ${one.encoding} coding`);
  const fill = h("i");
  fill.style.width = `${one[score] * 100}%`;
  return h("div", { class: "one" }, h("p", { class: "verdict" }, readable(one[prediction])), about && h("p", { class: "soft" }, about),
    h("p", { class: "between" }, h("span", {}, style === "records" ? "Confidence" : `Probability of ${readable(positive)}`), h("b", {}, percent(one[score]))),
    h("div", { class: "meter" }, fill),
    one.warnings && h("ul", { class: "plain" }, one.warnings.map(({ field, msg }) => h("li", {}, h("b", {}, field), ` – ${msg}`))),
    one.explanation && why(one.explanation, readable(positive)));
}

function why({ scale, base, sum, contributions }, positive) {
  const most = Math.abs(contributions[0]?.contribution) || 1;
  const rows = contributions.slice(0, 15).map(({ feature, value, unit, contribution }) => {
    const fill = h("i", { class: contribution < 0 ? "down" : "up" });
    fill.style.width = `${Math.abs(contribution / most) * 50}%`;
    return h("tr", {}, h("th", { scope: "row" }, `${feature.replaceAll("_", "_\u200b")} = ${value === null ? "missing" : shown(value)} ${unit}`),
      h("td", { class: "signed" }, h("div", {}, fill)), h("td", {}, (contribution < 0 ? "" : "+") + shown(contribution)));
  });
  return h("div", { class: "why" }, h("p", { class: "between" }, h("span", {}, "What it rests on"), h("span", { class: "soft" }, scale)), h("table", {}, rows),
    h("p", { class: "soft" }, h("b", { class: "down" }, "◀ against"), " and ", h("b", { class: "up" }, "for ▶"), ` “${positive}”. Base ${shown(base)} and `,
      contributions.length > 15 && `all ${contributions.length} `, `contributions add up to ${shown(sum)}.`));
}

function refusal({ status, json, text }, problems) {
  const message = problems.length ? `Broken rules: ${problems.length}`
    : [json?.detail, json?.error].find((part) => typeof part === "string") || text;
  const place = ({ loc }) => loc?.filter((part) => part !== "body").join(" → ") || "body";
  return [h("p", { class: "soft" }, "Refused"), h("p", { class: "verdict" }, message),
    h("ul", { class: "plain" }, problems.slice(0, 20).map((problem) => h("li", { class: "bad" }, h("b", {}, place(problem)), ` – ${problem.msg}`)))];
}

function exchange(operation, text, query, { status, id, text: answer, json, took }) {
  const part = (name, text) => h("details", {}, h("summary", {}, name), copyable(text));
  return h("div", { class: "raw" }, h("p", { class: "between soft" }, h("span", {}, `Status ${status}, ${took.toFixed(1)} ms`), id && h("span", {}, `id ${id}`)),
    part("Answer", json ? pretty(json) : answer), part("Request", text), part("curl", curl(operation, text, query)));
}
