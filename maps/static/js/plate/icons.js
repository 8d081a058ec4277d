/** Our own icons: an 18 px box, 1.6 px ink stroke, square joins. */

const SHAPES = {
  plus: 'M9 3v12M3 9h12',
  minus: 'M3 9h12',
  layers: 'M9 2.5 16 6.5 9 10.5 2 6.5zM2.6 9.6 9 13.2l6.4-3.6M2.6 12.6 9 16.2l6.4-3.6',
  measure: 'M11.8 2.2 15.8 6.2 6.2 15.8 2.2 11.8zM9.6 4.4l1.6 1.6M7.4 6.6l2.2 2.2M5.2 8.8l1.6 1.6',
  area: 'M3 5 14.5 3l1 10.5L6 15z',
  full: 'M2.8 6.5V2.8h3.7M11.5 2.8h3.7v3.7M15.2 11.5v3.7h-3.7M6.5 15.2H2.8v-3.7',
  leave: 'M6.5 2.8v3.7H2.8M15.2 6.5h-3.7V2.8M11.5 15.2v-3.7h3.7M2.8 11.5h3.7v3.7',
  locate: 'M9 1.5v4M9 12.5v4M1.5 9h4M12.5 9h4M9 5.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7z',
  home: 'M2.5 2.5h13v13h-13zM6 6h6v6H6z',
  search: 'M7.8 2.6a5.2 5.2 0 1 0 0 10.4 5.2 5.2 0 1 0 0-10.4zM11.6 11.6 16 16',
  close: 'M4 4l10 10M14 4 4 14',
  chevron: 'M4 7l5 5 5-5',
  print: 'M5 6.5V2.5h8v4M5 13H2.5V6.5h13V13H13M5 10.5h8v5H5z',
  tick: 'M3.5 9.5 7.5 13.5 14.5 4.5',
};

/** An icon as an SVG element, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [key, value] of Object.entries({
    viewBox: '0 0 18 18', width: 18, height: 18, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6,
    'stroke-linejoin': 'miter', 'stroke-linecap': 'butt', 'aria-hidden': 'true', focusable: 'false',
  })) svg.setAttribute(key, value);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
