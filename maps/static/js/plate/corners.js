/** Places for controls over the map, and panes that fold. */
import { make, shield } from './dom.js';

/** The stack of controls in a corner of the map: `top-right`, `top-left`, `bottom-left`, `bottom-right`. */
export function corner(map, where) {
  const container = map.getContainer();
  let element = container.querySelector(`:scope > .plate-${where}`);
  if (!element) {
    element = shield(make('div', { class: `plate-corner plate-${where}` }));
    container.append(element);
  }
  return element;
}

/** The strip at the lower left that holds scale, north and foot line. */
export function foot(map) {
  const place = corner(map, 'bottom-left');
  let strip = place.querySelector('.plate-foot');
  if (!strip) {
    strip = make('div', { class: 'plate-foot' });
    place.append(strip);
  }
  return strip;
}

/** Make a button open and close a pane; Escape and a press elsewhere close it. */
export function folds(button, pane, onOpen = () => {}) {
  const set = (open) => {
    pane.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) onOpen();
  };
  button.setAttribute('aria-haspopup', 'true');
  set(false);
  button.addEventListener('click', () => set(pane.hidden));
  for (const part of [pane, button]) {
    part.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || pane.hidden) return;
      event.stopPropagation();
      set(false);
      button.focus();
    });
  }
  document.addEventListener('pointerdown', (event) => {
    if (!pane.hidden && !pane.contains(event.target) && !button.contains(event.target)) set(false);
  });
  return set;
}
