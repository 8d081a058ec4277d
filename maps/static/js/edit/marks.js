/** Small drawn icons of editing: an 18 px box, 1.6 px stroke. */

const SHAPES = {
  warn: 'M9 2.5l7 13H2zM9 7v4M9 12.6v1.2',
  close: 'M5 5l8 8M13 5l-8 8',
  undo: 'M6.5 4L3 7.5 6.5 11M3 7.5h7.5a4 4 0 0 1 0 8H7',
  redo: 'M11.5 4L15 7.5 11.5 11M15 7.5H7.5a4 4 0 0 0 0 8H11',
  tick: 'M4 9l3.5 3.5L14 6',
  bin: 'M3 5h12M7 5V3h4v2M5 5l.8 10.5h6.4L13 5M7.5 8v5M10.5 8v5',
  target: 'M9 2v5M9 11v5M2 9h5M11 9h5',
  down: 'M4 7l5 5 5-5',
  up: 'M4 11l5-5 5 5',
  pen: 'M3 15l.8-3.6L12.2 3l2.8 2.8-8.4 8.4z',
  file: 'M4 2h7l3.5 3.5V16H4zM11 2v3.5h3.5',
  snap: 'M5 3v6a4 4 0 0 0 8 0V3M3.5 3h3M11.5 3h3',
};

/** An icon as an SVG element, hidden from screen readers. */
export function mark(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const attributes = { class: 'icon', viewBox: '0 0 18 18', width: 18, height: 18, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6, 'aria-hidden': 'true', focusable: 'false' };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
