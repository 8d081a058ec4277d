/** Distance and area in the district's own coordinates, point by point. */
/* global L, proj4 */
import { make, shield } from './dom.js';
import { toWorld } from './decode.js';
import { grouped } from './words.js';

/** A function from a latitude-longitude to easting and northing in metres. */
export function projector(payload) {
  const convert = proj4(payload.crs.proj4);
  return ({ lat, lng }) => convert.forward([lng, lat]);
}

function lengthOf(points) {
  return points.reduce((sum, point, k) => (k ? sum + Math.hypot(point[0] - points[k - 1][0], point[1] - points[k - 1][1]) : 0), 0);
}

function areaOf(points) {
  const twice = points.reduce((sum, [x, y], k) => {
    const [u, v] = points[(k + 1) % points.length];
    return sum + x * v - u * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** The measuring tool: `toggle()`; `plate.measuring` while it is on. */
export function makeMeasure(plate, onChange) {
  const { map, word } = plate;
  const project = projector(plate.payload);
  const readout = make('output', { class: 'plate-measure-value', 'aria-live': 'polite' });
  const hint = make('p', { class: 'plate-hint', text: word('map.measure_hint') });
  const modes = ['line', 'area'].map((mode) =>
    make('button', { type: 'button', 'aria-pressed': String(mode === 'line'), text: word(`map.measure_${mode === 'line' ? 'line' : 'face'}`), on: { click: () => choose(mode) } }),
  );
  const clear = make('button', { type: 'button', text: word('map.measure_clear'), on: { click: () => restart() } });
  const panel = shield(
    make('div', { class: 'plate-pane plate-measure', role: 'group', 'aria-label': word('map.measure'), hidden: true },
      make('div', { class: 'plate-segments' }, ...modes), readout, hint, make('div', { class: 'plate-pane-foot' }, clear)),
  );
  let mode = 'line';
  let points = [];
  let pointer = null;
  let done = false;

  function restart() {
    points = [];
    pointer = null;
    done = false;
    update();
  }

  function choose(next) {
    mode = next;
    modes.forEach((button, k) => button.setAttribute('aria-pressed', String((k === 0) === (mode === 'line'))));
    update();
  }

  function shown() {
    return pointer && !done ? [...points, pointer] : points;
  }

  function update() {
    const flat = shown().map(project);
    const metres = grouped(lengthOf(flat), lengthOf(flat) < 100 ? 2 : 1);
    if (flat.length < 2) readout.textContent = word('unit.none');
    else if (mode === 'line') readout.textContent = word('map.measure_result', { metres });
    else readout.textContent = flat.length > 2 ? word('map.measure_area', { area: grouped(areaOf(flat), 1) }) : word('unit.none');
    plate.canvas.remark();
  }

  function add({ latlng }) {
    if (done) restart();
    points.push(latlng);
    update();
  }

  function move({ latlng }) {
    pointer = latlng;
    update();
  }

  function finish(event) {
    L.DomEvent.stop(event.originalEvent);
    const [a, b] = points.slice(-2);
    if (a && b && a.equals(b)) points.pop();
    done = true;
    update();
  }

  function escaped(event) {
    if (event.key === 'Escape') stop();
  }

  function draw(view) {
    const { ctx } = view;
    const S = plate.styles;
    const run = shown().map(({ lat, lng }) => toWorld(lng, lat).map((value, k) => (value - view.pivot[k]) * view.scale));
    if (!run.length) return;
    ctx.beginPath();
    run.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    if (mode === 'area' && run.length > 2) {
      ctx.closePath();
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = S.accent;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    for (const [width, colour] of [[4.5, S.surface], [1.8, S.accent]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.stroke();
    }
    for (const [x, y] of run) {
      ctx.beginPath();
      ctx.arc(x, y, 3.2, 0, 2 * Math.PI);
      ctx.fillStyle = S.surface;
      ctx.fill();
      ctx.strokeStyle = S.accent;
      ctx.lineWidth = 1.8;
      ctx.stroke();
    }
  }

  const tool = { panel, stop, toggle: () => (plate.measuring ? stop() : start()) };

  function start() {
    plate.measuring = tool;
    plate.extraMarks = draw;
    panel.hidden = false;
    map.getContainer().classList.add('is-measuring');
    map.doubleClickZoom.disable();
    map.on({ click: add, mousemove: move, dblclick: finish });
    document.addEventListener('keydown', escaped);
    restart();
    onChange(true);
  }

  function stop() {
    plate.measuring = false;
    plate.extraMarks = null;
    panel.hidden = true;
    map.getContainer().classList.remove('is-measuring');
    map.doubleClickZoom.enable();
    map.off({ click: add, mousemove: move, dblclick: finish });
    document.removeEventListener('keydown', escaped);
    plate.canvas.remark();
    onChange(false);
  }

  return tool;
}
