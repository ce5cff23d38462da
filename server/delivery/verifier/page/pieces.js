// The pieces that an answer is built of. Everything from the file is put as text, never as markup.

export function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function facts(rows) {
  const list = element("dl", { class: "facts" });
  for (const [label, value, mono] of rows.filter(([, value]) => value !== "" && value !== null && value !== undefined)) {
    const said = element("dd", mono ? { class: "mono", text: value } : { text: value });
    list.append(element("dt", { text: label }), said);
  }
  return list;
}

export function card(title, ...children) {
  return element("section", { class: "card" }, element("h3", { text: title }), ...children);
}
