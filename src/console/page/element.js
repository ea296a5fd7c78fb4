/**
 * @typedef {Node | string | undefined} Child
 * @typedef {Readonly<Record<string, string | boolean | number | undefined>>} Attributes
 */

/**
 * A new element. Strings become text nodes and attribute values: nothing is ever read as markup. An attribute that is
 * `true` is written without a value; one that is `false` or `undefined` is left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/**
 * Writes an attribute only where it differs.
 * @param {Element} target
 * @param {string} name
 * @param {string | boolean | number | undefined} value
 */
export function setAttribute(target, name, value) {
  if (value === undefined || value === false) {
    target.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (target.getAttribute(name) !== text) target.setAttribute(name, text);
}

/**
 * Writes a text only where it differs, so that what is selected or read aloud is left in peace.
 * @param {Node} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * A button that does something on this page.
 * @param {Attributes} attributes
 * @param {Child} content
 * @param {() => void} press
 */
export function button(attributes, content, press) {
  const made = element("button", { type: "button", ...attributes }, content);
  made.addEventListener("click", press);
  return made;
}

/**
 * Text for people who hear the page instead of seeing it.
 * @param {string} text
 */
export const spoken = (text) => element("span", { class: "spoken" }, text);
