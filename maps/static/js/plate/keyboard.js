/** The map by keyboard: Tab enters, arrows walk from community to community, Enter opens, Esc closes. */
import { make } from './dom.js';
import { sentenceOf } from './facts.js';

const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Communities that can be walked to: those that pass the filter, with their middles in units of zoom 0. */
function stops(plate) {
  const out = [];
  for (const layer of plate.layersOf('communities')) {
    if (layer.thinned) continue;
    for (const i of layer.placed) {
      if (!layer.match[i]) continue;
      out.push({ layer, i, x: (layer.box[4 * i] + layer.box[4 * i + 2]) / 2, y: (layer.box[4 * i + 1] + layer.box[4 * i + 3]) / 2 });
    }
  }
  return out;
}

/** The first one: north-west of what is in view, else of all. */
function firstStop(plate) {
  const all = stops(plate);
  const view = plate.viewNow();
  const [x0, y0, x1, y1] = view ? view.inner.map((edge, k) => plate.pivot[k % 2] + edge / view.scale) : [0, 0, 256, 256];
  const seen = all.filter(({ x, y }) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
  const list = seen.length ? seen : all;
  return list.sort((a, b) => a.x + 2 * a.y - b.x - 2 * b.y)[0] ?? null;
}

/** The nearest one that way, sideways counting double. */
function nextStop(plate, from, [dx, dy]) {
  const here = stops(plate).find(({ layer, i }) => layer === from.layer && i === from.i);
  if (!here) return firstStop(plate);
  let best = null;
  for (const stop of stops(plate)) {
    const ahead = (stop.x - here.x) * dx + (stop.y - here.y) * dy;
    const aside = Math.abs((stop.x - here.x) * dy + (stop.y - here.y) * dx);
    if (ahead <= 0 || aside > 2.4 * ahead) continue;
    const cost = ahead + 2 * aside;
    if (!best || cost < best.cost) best = { ...stop, cost };
  }
  return best;
}

/** Give the plate its focusable element and its voice; both are returned. */
export function addKeyboard(plate) {
  const { map } = plate;
  const container = map.getContainer();
  const voice = make('div', { class: 'plate-voice', 'aria-live': 'polite', role: 'status' });
  const keys = make('div', { class: 'plate-keys', tabindex: 0, role: 'application', 'aria-label': plate.word('map.aria', { place: plate.place() }) });
  container.prepend(keys);
  container.append(voice);
  map.keyboard?.disable();
  container.removeAttribute('tabindex');

  function walkTo(stop) {
    if (!stop) return;
    plate.focus({ layer: stop.layer, i: stop.i });
    plate.bring(stop.layer, stop.i);
    voice.textContent = sentenceOf(plate, stop.layer, stop.i);
  }

  keys.addEventListener('focus', () => {
    if (keys.matches(':focus-visible') && !plate.focused) walkTo(plate.selectedCommunity() ?? firstStop(plate));
    else if (plate.focused) plate.focus(plate.focused);
  });
  keys.addEventListener('blur', () => plate.focus(null));
  keys.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (way && event.shiftKey) map.panBy([way[0] * 120, way[1] * 120]);
    else if (way) walkTo(plate.focused ? nextStop(plate, plate.focused, way) : firstStop(plate));
    else if (event.key === '+' || event.key === '=') map.zoomIn();
    else if (event.key === '-') map.zoomOut();
    else if (event.key === 'Enter' || event.key === ' ') plate.openFocused();
    else if (event.key === 'Escape') plate.escape();
    else return;
    event.preventDefault();
  });
  return { keys, voice };
}
