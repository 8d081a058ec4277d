/** Letter codes along lines: in a gap of ground colour, never upside down, neighbours staggered. */
import { runs, mileage, along } from './paths.js';
import { isOnStreet } from './draw_ground.js';
import { BANDS, isGone } from './styles.js';

const FIRST = 40;
const EVERY = 320;
/** Metres per px up to which trunk lines carry their codes; the others only from close by. */
const TRUNKS = 0.8;
const UPWARD = 0.15;
const CELL = 16;
const ROOM = 13;
const SAME = 260;
const ASIDE = 14;

/** Where codes already stand: points along each, in cells. */
class Taken {
  cells = new Map();
  same = new Map();

  #around(x, y) {
    const [cx, cy] = [Math.floor(x / CELL), Math.floor(y / CELL)];
    const out = [];
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) out.push(...(this.cells.get(`${cx + dx} ${cy + dy}`) ?? []));
    }
    return out;
  }

  meets(points) {
    return points.some(([x, y]) => this.#around(x, y).some(([u, v]) => Math.hypot(u - x, v - y) < ROOM));
  }

  /** Whether the same text stands on the same straight already, so that the segments of one line do not repeat it. */
  repeats(text, { x, y, angle }) {
    const [ux, uy] = [Math.cos(angle), Math.sin(angle)];
    return (this.same.get(text) ?? []).some(([u, v]) => {
      const [dx, dy] = [u - x, v - y];
      return Math.abs(dx * ux + dy * uy) < SAME && Math.abs(dx * uy - dy * ux) < ASIDE;
    });
  }

  take(points, text, x, y) {
    for (const point of points) {
      const key = `${Math.floor(point[0] / CELL)} ${Math.floor(point[1] / CELL)}`;
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(point);
    }
    if (!text) return;
    if (!this.same.has(text)) this.same.set(text, []);
    this.same.get(text).push([x, y]);
  }
}

function texts(plate, layer, i) {
  const code = layer.get('code', i) ?? layer.get('style', i) ?? '';
  const state = layer.get('state', i);
  const word = state === 'planned' || isGone(state) ? plate.word(`line_state.${state}`).toLowerCase() : '';
  const size = isGone(state) ? '' : layer.get('size', i) ?? '';
  const whole = [code, size, word].filter(Boolean).join(' ');
  return [...new Set([whole, [code, word].filter(Boolean).join(' '), code])];
}

/** Place for a text of that width about `s`: middle, angle, points; null where the line bends. */
function place(points, miles, s, width) {
  const a = along(points, miles, s - width / 2);
  const b = along(points, miles, s + width / 2);
  if (Math.hypot(b[0] - a[0], b[1] - a[1]) < width * 0.985) return null;
  let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  if (angle > Math.PI / 2 - UPWARD) angle -= Math.PI;
  if (angle <= -Math.PI / 2 - UPWARD) angle += Math.PI;
  const steps = Math.max(1, Math.round(width / 8));
  const line = Array.from({ length: steps + 1 }, (_, k) => [
    a[0] + ((b[0] - a[0]) * k) / steps,
    a[1] + ((b[1] - a[1]) * k) / steps,
  ]);
  return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, angle, line };
}

function inside(view, spot) {
  return spot.x > view.left && spot.x < view.right && spot.y > view.top && spot.y < view.bottom;
}

/** Choose the codes of one run of points. */
function choose(view, taken, points, choices, out, item) {
  const miles = mileage(points);
  const whole = miles[miles.length - 1];
  if (whole < 26) return;
  let done = 0;
  for (let s = Math.min(FIRST, whole / 2); s < whole; s += EVERY) {
    if (tryAt(view, taken, points, miles, whole, s, choices, out, item)) done++;
  }
  if (!done && whole > 60) tryAt(view, taken, points, miles, whole, whole / 2, [{ ...choices[0], ...choices.at(-1) }], out, item);
}

function tryAt(view, taken, points, miles, whole, wanted, choices, out, item) {
  for (const { text, width } of choices) {
    if (whole < width + 14) continue;
    const low = width / 2 + 7;
    const high = whole - low;
    for (const shift of [0, 44, 88, 132, 176, 220, 264]) {
      const s = Math.min(Math.max(wanted + width / 2 + shift, low), high);
      const spot = place(points, miles, s, width);
      if (!spot || !inside(view, spot)) continue;
      if (taken.repeats(choices[0].text, spot)) return true;
      if (taken.meets(spot.line)) continue;
      taken.take(spot.line, choices[0].text, spot.x, spot.y);
      out.push({ ...spot, text, width, ...item });
      return true;
    }
  }
  return false;
}

function importance({ layer, i }) {
  return (layer.get('trunk', i) ? 4 : 0) + (layer.get('state', i) === 'planned' ? 2 : 0) - (layer.get('house_connection', i) ? 8 : 0);
}

/** Codes of the surveyed lines; `nodes` keep their symbols free. */
export function placeCodes(plate, view, lines, nodes) {
  const out = [];
  const all = view.mpp < (plate.theme === 'lines' ? 0.42 : BANDS.site);
  if (view.mpp > TRUNKS) return out;
  const { ctx } = view;
  const taken = new Taken();
  for (const { px, i } of nodes) taken.take([[px[2 * i], px[2 * i + 1]]]);
  ctx.font = plate.styles.font(10.5, 600);
  const widths = new Map();
  const measure = (text) => {
    if (!widths.has(text)) widths.set(text, ctx.measureText(text).width + 8);
    return { text, width: widths.get(text) };
  };
  const order = lines.filter(({ layer, i, on }) => on && !layer.get('house_connection', i) && (all || layer.get('trunk', i)));
  order.sort((a, b) => importance(b) - importance(a));
  for (const { layer, px, i } of order) {
    const inSite = layer.get('community', i) !== null;
    const item = {
      colour: plate.styles.line(layer.get('style', i), layer.get('state', i)).text,
      inSite,
    };
    for (const points of runs(layer, px, i)) {
      choose(view, taken, points, texts(plate, layer, i).map(measure), out, item);
    }
  }
  return out;
}

/** Draw placed codes, each in its gap. */
export function drawCodes(plate, view, codes) {
  const { ctx } = view;
  const S = plate.styles;
  ctx.font = S.font(10.5, 600);
  ctx.textAlign = 'center';
  for (const { x, y, angle, text, width, colour, inSite } of codes) {
    const gap = isOnStreet(plate, view, x, y) ? S.surface : inSite ? S.paper : S.ground;
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    ctx.fillStyle = gap;
    ctx.fillRect(-width / 2, -6, width, 12);
    ctx.fillStyle = colour;
    ctx.fillText(text, 0, 0.5);
    ctx.restore();
  }
}
