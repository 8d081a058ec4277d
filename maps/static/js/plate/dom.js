/** Elements made of text, never of markup. */
/* global L */

/** An element with a class, attributes and children; strings become text. */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  const { text, on, ...attributes } = options;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'class') element.className = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  if (text !== undefined && text !== null) element.textContent = String(text);
  for (const [type, listen] of Object.entries(on ?? {})) element.addEventListener(type, listen);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Keep clicks, drags and wheels on a control from the map below it. */
export function shield(element) {
  L.DomEvent.disableClickPropagation(element);
  // Leaflet only marks clicks; it would take two quick taps on a control for a double tap on the map.
  element.addEventListener('click', L.DomEvent.stopPropagation);
  L.DomEvent.disableScrollPropagation(element);
  return element;
}

/** Whether the map is narrower than a tablet. */
export function isNarrow(map) {
  return map.getContainer().clientWidth < 640;
}
