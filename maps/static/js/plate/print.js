/** The map on paper: one sheet per format, drawn at print resolution when printing begins. */
import { make } from './dom.js';
import { makeView, sizeCanvas } from './canvas.js';
import { drawPlate } from './draw.js';
import { drawNorth, drawScale } from './scale.js';
import { legendRows, signRows } from './legend.js';
import { footText } from './controls.js';
import { toWorld } from './decode.js';

const RATIO = 2.5;
/** White strip below the map, px, for scale and north. */
const STRIP = 46;
const LARGEST_ZOOM = 20;
/** Room for the map in CSS px within margins of 10 mm, legend beside it or below. */
const SHEETS = [
  { name: 'a4-landscape', map: [800, 600] },
  { name: 'a4-portrait', map: [714, 740] },
  { name: 'a3-landscape', map: [1240, 915] },
  { name: 'a3-portrait', map: [1040, 1180] },
];

/** Bounds to print: the window where it is closer than the extent, else the extent. */
function wanted(plate) {
  const whole = plate.extent();
  const seen = plate.map.getBounds();
  return seen.contains(whole) ? whole : seen;
}

function viewFor(plate, canvas, [width, height]) {
  const bounds = wanted(plate);
  const a = toWorld(bounds.getWest(), bounds.getNorth());
  const b = toWorld(bounds.getEast(), bounds.getSouth());
  const zoom = Math.min(LARGEST_ZOOM, Math.log2(Math.min((width - 16) / (b[0] - a[0]), (height - STRIP - 16) / (b[1] - a[1]))));
  const scale = 2 ** zoom;
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const corner = middle.map((value, k) => (value - plate.pivot[k]) * scale - [width, height][k] / 2);
  corner[1] += STRIP / 2;
  sizeCanvas(canvas, width, height, RATIO);
  const inner = [corner[0], corner[1], corner[0] + width, corner[1] + height];
  const view = makeView({ canvas, ratio: RATIO, zoom, pivot: plate.pivot, corner, width, height, inner });
  view.paperWhite = true;
  return view;
}

function drawSheet(plate, { name, map }) {
  const canvas = make('canvas', { class: `plate-sheet-map is-${name}`, role: 'img', 'aria-label': plate.place() });
  canvas.getContext('2d', { willReadFrequently: true });
  const view = viewFor(plate, canvas, map);
  drawPlate(plate, view);
  const { ctx } = view;
  const S = plate.styles;
  ctx.setTransform(RATIO, 0, 0, RATIO, 0, 0);
  ctx.fillStyle = S.surface;
  ctx.fillRect(0, map[1] - STRIP, map[0], STRIP);
  drawScale(ctx, S, view.mpp, 18, map[1] - 28, 200);
  drawNorth(ctx, S, plate.word('map.north'), map[0] - 24, map[1] - 36);
  return canvas;
}

function makeSheet(plate) {
  const { word, payload } = plate;
  const theme = word(`theme.${plate.theme}`);
  const totals = payload.summary?.totals ?? {};
  const figures = word('map.town_line', { communities: totals.communities ?? 0, buildings: totals.buildings ?? 0 });
  const shown = plate.theme === 'works' && plate.state.work ? word(`work.${plate.state.work}`) : null;
  return make(
    'section', { class: 'plate-sheet' },
    make('header', { class: 'plate-sheet-head' },
      make('h1', { text: word('map.title', { place: plate.place(), theme: shown ?? theme }) }),
      make('p', { text: [figures, payload.sample ? word('map.sample') : null].filter(Boolean).join(' · ') })),
    make('div', { class: 'plate-sheet-field' }, ...SHEETS.map((sheet) => drawSheet(plate, sheet))),
    make('aside', { class: 'plate-sheet-legend' }, make('h2', { text: word('map.legend') }), ...legendRows(plate, false), ...signRows(plate)),
    make('footer', { class: 'plate-sheet-foot' }, make('span', { text: footText(plate) })),
  );
}

/** Open the printing dialogue as soon as fonts and layers are there. */
async function printWhenReady(plate) {
  await document.fonts.ready;
  const waits = Object.values(plate.payload.layers).some((raw) => raw.remote);
  if (waits) await new Promise((done) => plate.map.getContainer().addEventListener('tongchou:received', done, { once: true }));
  setTimeout(() => window.print(), 100);
}

/** Put a sheet into the page while it is printed; everything else is hidden by the style sheet. */
export function addPrinting(plate) {
  let sheet = null;
  const clean = () => {
    sheet?.remove();
    sheet = null;
    document.documentElement.classList.remove('plate-printing');
    plate.redraw();
  };
  window.addEventListener('beforeprint', () => {
    sheet?.remove();
    sheet = makeSheet(plate);
    document.body.prepend(sheet);
    document.documentElement.classList.add('plate-printing');
  });
  window.addEventListener('afterprint', clean);
  if (new URL(location.href).searchParams.get('print') === '1') printWhenReady(plate);
}
