/** Controls around the plate, each `(map, plate)`. */
import { make } from './dom.js';
import { corner, foot } from './corners.js';
import { projector } from './measure.js';
import { drawNorth, drawScale, scaleOf } from './scale.js';
import { sizeCanvas } from './canvas.js';
import { THEMES } from './state.js';

export { addTools } from './tools.js';
export { addLegend } from './legend.js';
export { addSearch } from './search.js';

const POSITION_FROM = 1024;

function box(map) {
  const strip = foot(map);
  let element = strip.querySelector('.plate-survey');
  if (!element) {
    element = make('div', { class: 'plate-panel plate-survey' });
    strip.prepend(element);
  }
  return element;
}

/** A picture of CSS px that is drawn again when the map rests. */
function picture(map, className, label, size, draw) {
  const canvas = make('canvas', { class: className, role: 'img', 'aria-label': label() });
  const redraw = () => {
    const [width, height] = size();
    const ratio = window.devicePixelRatio || 1;
    sizeCanvas(canvas, width, height, ratio);
    const ctx = canvas.getContext('2d');
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    canvas.setAttribute('aria-label', label());
    draw(ctx);
  };
  map.getContainer().addEventListener('tongchou:drawn', redraw);
  redraw();
  return canvas;
}

/** The scale bar in whole metres. */
export function addScale(map, plate) {
  const widest = () => (map.getSize().x < 640 ? 96 : 168);
  const mpp = () => plate.viewNow()?.mpp ?? 1;
  const label = () => `${plate.word('map.scale')} ${plate.word('map.scale_metres', { metres: scaleOf(mpp(), widest()).metres })}`;
  const size = () => [Math.ceil(scaleOf(mpp(), widest()).width) + 44, 28];
  box(map).prepend(picture(map, 'plate-scale', label, size, (ctx) => drawScale(ctx, plate.styles, mpp(), 8, 8, widest())));
}

/** The north arrow. */
export function addNorth(map, plate) {
  const letter = plate.word('map.north');
  box(map).append(picture(map, 'plate-north', () => letter, () => [22, 36], (ctx) => drawNorth(ctx, plate.styles, letter, 11, 7)));
}

/** Easting and northing under the pointer, on wide screens. */
export function addPosition(map, plate) {
  const project = projector(plate.payload);
  const output = make('output', { class: 'plate-position', 'aria-label': plate.word('map.position_label'), hidden: true });
  foot(map).append(output);
  map.on('mousemove', ({ latlng }) => {
    if (window.innerWidth < POSITION_FROM) return;
    const [x, y] = project(latlng);
    output.textContent = plate.word('map.position', { x: x.toFixed(1), y: y.toFixed(1) });
    output.hidden = false;
  });
  map.on('mouseout', () => {
    output.hidden = true;
  });
}

/** What stands under a map: schematic outlines, CRS, revision, day, sample. */
export function footText(plate) {
  const { word, payload } = plate;
  const crs = payload.crs.name;
  const { past } = payload;
  const told = past ? `${past.sentence} · ${crs}` : word('map.foot', { crs, revision: payload.revision, date: payload.as_of });
  return [plate.isSchematic() ? word('map.schematic_note') : null, told, payload.sample ? word('map.sample') : null].filter(Boolean).join(' · ');
}

/** The foot line. */
export function addFootline(map, plate) {
  foot(map).append(make('p', { class: 'plate-footline', text: footText(plate) }));
}

/** What is said over a day that has passed, and the way back. */
function pastNote({ past }) {
  if (!past) return [];
  const today = new URL(location.href);
  today.searchParams.delete('as_of');
  const back = make('a', { href: today.href, text: past.back });
  return [make('p', { class: 'plate-title-past', role: 'note' }, `${past.sentence} `, back)];
}

/** Title of the stand-alone map with its themes as tabs. */
export function addTitle(map, plate) {
  const { word, payload } = plate;
  if (!document.querySelector('main, [role="main"]')) map.getContainer().setAttribute('role', 'main');
  const title = make('h1', { class: 'plate-title-name', text: plate.place() });
  const note = make('p', { class: 'plate-title-note', text: [word('map.as_of', { date: payload.as_of }), payload.sample ? word('map.sample') : null].filter(Boolean).join(' · ') });
  const themes = payload.themes ?? THEMES;
  const tabs = themes.map((theme) =>
    make('button', { type: 'button', 'data-theme': theme, text: word(`theme.${theme}`), on: { click: () => plate.change({ theme }) } }),
  );
  const nav = make('div', { class: 'plate-themes', role: 'group', 'aria-label': word('field.theme') }, ...tabs);
  const refresh = () => tabs.forEach((tab) => tab.setAttribute('aria-pressed', String(tab.dataset.theme === plate.theme)));
  map.getContainer().addEventListener('tongchou:state', refresh);
  refresh();
  const line = make('div', { class: 'plate-title-line' }, title, note, ...pastNote(payload));
  corner(map, 'top-left').prepend(make('div', { class: `plate-panel plate-title${themes.length > 1 ? '' : ' is-plain'}` }, line, themes.length > 1 ? nav : null));
}
