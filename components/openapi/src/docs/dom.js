// Everything that comes from the service is set as text, never as markup.
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child != null && child !== false));
  return element;
}
const at = (id) => document.getElementById(id);
const pretty = (value) => JSON.stringify(value, null, 2);

// A text in which code stands between backquotes.
const prose = (text) => text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? h("code", {}, part) : part));

const shown = (number) => String(Number(number.toPrecision(3))).replace("-", "−");
const percent = (share) => `${(share * 100).toFixed(1)} %`;

function copyable(text) {
  const place = h("pre", { tabindex: 0 }, text);
  const copy = async ({ target }) => {
    try {
      await navigator.clipboard.writeText(text);
      target.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(place);
    }
  };
  return h("div", { class: "copy" }, place, h("button", { type: "button", onclick: copy }, "Copy"));
}
