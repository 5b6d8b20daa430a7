// Elements from text: names are always set as text and never parsed.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return made;
}

/** Names of any length and any direction of writing, without an effect on the text around them. */
export function name(text) {
  return element("bdi", {class: "name", title: text.length > 60 ? text : null}, shortened(text));
}

export function shortened(text, most = 60) {
  const characters = [...text];
  return characters.length <= most ? text : characters.slice(0, most - 1).join("") + "…";
}

/** A list to choose from; `choose` gets the index of what was chosen. */
export function chooser(what, kind, texts, choose) {
  const list = element("select", {class: kind, onchange: (event) => choose(Number(event.target.value))},
                       texts.map((text, i) => element("option", {value: i}, text)));
  return {list, whole: element("label", {class: "chooser"}, what + ": ", list)};
}

/** Read out by screen readers. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
