/** Planned trenches: bands to scale in the kind's colour, and flags that name them. */
import { along, band, contains, mileage, nearest, runs, trace } from './paths.js';
import { BANDS, faded } from './styles.js';
import { span } from './words.js';
import { isOutlined } from './draw_communities.js';

const LEAST = { coordination: 5, lines: 3.5 };

/** Whether digs are drawn at this scale and theme. */
export function areDigsShown(plate, view) {
  if (!plate.visible.digs || plate.theme === 'funding') return false;
  if (plate.theme === 'coordination') return view.mpp < BANDS.far;
  return view.mpp < (plate.theme === 'lines' ? BANDS.lines * (view.paperWhite ? 1.8 : 1) : BANDS.near);
}

/** Width of a dig's band in px: to scale, and wide enough to see. */
export function digWidth(plate, view, layer, i) {
  return Math.max(LEAST[plate.theme] ?? 3, (layer.get('width_m', i) ?? 1) / view.mpp);
}

/** Digs in view that are drawn, with their bands in pixels. */
export function surveyDigs(plate, view) {
  const out = [];
  if (!areDigsShown(plate, view)) return out;
  for (const layer of plate.layersOf('digs')) {
    if (layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(24))) {
      if (plate.visible[`line.${layer.get('style', i)}`] === false) continue;
      const width = digWidth(plate, view, layer, i);
      const rings = layer.shape === 'path' ? runs(layer, px, i).map((run) => band(run, width)) : null;
      out.push({ layer, px, i, rings, on: layer.match[i] });
    }
  }
  return out;
}

function outline(ctx, { layer, px, i, rings }) {
  if (!rings) return trace(ctx, layer, px, i);
  for (const ring of rings) {
    ring.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.closePath();
  }
  return undefined;
}

/** Bands: 13 % of the kind's colour and an edge of 0.8 px. */
export function drawDigs(plate, view, list) {
  const { ctx } = view;
  for (const item of list) {
    const { line } = plate.styles.line(item.layer.get('style', item.i));
    ctx.beginPath();
    outline(ctx, item);
    ctx.globalAlpha = item.on ? 1 : 0.35;
    if (!isOutlined(plate, view)) {
      ctx.fillStyle = plate.styles.paper;
      ctx.fill('nonzero');
    }
    ctx.fillStyle = faded(line, view.band === 'site' ? 0.13 : 0.3);
    ctx.fill('nonzero');
    ctx.strokeStyle = line;
    ctx.lineWidth = 0.8;
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** Where a dig's flag is tied: where it lies outside the wall, else its point nearest to the wall. */
function mooring(plate, view, { layer, px, i }) {
  const [communities] = plate.layersOf('communities');
  const c = communities && !communities.thinned ? communities.find(layer.get('community', i)) : -1;
  const points = runs(layer, px, i).flatMap(stations).filter((point) => !outside(view, point));
  if (c < 0 || !points.length) return { points, wall: null };
  const cpx = communities.pixels(view.zoom, view.pivot);
  const wall = communities.pixelBox(c, view.zoom, view.pivot);
  const free = points.filter(([x, y]) => !contains(communities, cpx, c, x, y));
  if (free.length) return { points: free, wall, free: true };
  const distance = ([x, y]) => nearest(communities, cpx, c, x, y).distance;
  return { points: [points.reduce((a, b) => (distance(b) < distance(a) ? b : a))], wall };
}

/** Points every 14 px along a run. */
function stations(points) {
  const miles = mileage(points);
  const whole = miles.at(-1);
  return Array.from({ length: Math.min(200, Math.ceil(whole / 14)) + 1 }, (_, k) => along(points, miles, Math.min(k * 14, whole)));
}

const TALL = 36;

/** Places for a flag: beside a free stretch, level with it, else outside the nearest sides of the wall. */
function berths({ points, wall, free }, width) {
  if (free || !wall) {
    return points.flatMap(([x, y]) => [26, 60].flatMap((off) => [[x + off, y - TALL / 2], [x - off - width, y - TALL / 2]].map((at) => ({ at, point: [x, y] }))));
  }
  const [[x, y]] = points;
  const [x0, y0, x1, y1] = wall;
  const sides = [
    { gap: y1 - y, make: (k) => [x + k, y1 + 10] },
    { gap: y - y0, make: (k) => [x + k, y0 - TALL - 10] },
    { gap: x1 - x, make: (k) => [x1 + 14, y + k - 8] },
    { gap: x - x0, make: (k) => [x0 - width - 14, y + k - 8] },
  ].sort((a, b) => a.gap - b.gap);
  const shifts = [14, -width - 14, 60, -width - 60, 120, -width - 120, 190];
  return sides.slice(0, 3).flatMap(({ make }) => shifts.map((k) => ({ at: make(k), point: [x, y] })));
}

/** Draw the flags that find room: owner and number, window, a bar of the kind, a leader to the dig. */
export function drawFlags(plate, view, list, taken) {
  if (view.mpp >= BANDS.site || !plate.visible.names) return;
  const { ctx } = view;
  const S = plate.styles;
  for (const item of list.filter(({ on }) => on)) {
    const { layer, i } = item;
    const title = [layer.get('owner_name', i), layer.get('number', i)].filter(Boolean).join(' ');
    const dates = span(layer.get('window_start', i), layer.get('window_end', i)) || plate.word('unit.none');
    ctx.font = S.font(12, 600);
    const wide = ctx.measureText(title).width;
    ctx.font = S.font(11);
    const width = Math.max(wide, ctx.measureText(dates).width) + 24;
    const whole = ([x, y]) => !outside(view, [x, y]) && !outside(view, [x + width, y + TALL]);
    const places = berths(mooring(plate, view, item), width).filter(
      ({ at: [x, y], point }) => !taken.meets(x - 4, y - 4, x + width + 4, y + TALL + 4) && Math.hypot(x - point[0], y - point[1]) < 420,
    );
    const berth = places.find(({ at }) => whole(at)) ?? places[0];
    if (!berth) continue;
    const [left, top] = berth.at;
    taken.take(left, top, left + width, top + TALL);
    flag(ctx, S, { berth: berth.at, point: berth.point, width, title, dates, colour: S.line(layer.get('style', i)).line });
  }
}

function outside(view, [x, y]) {
  const [x0, y0, x1, y1] = view.inner;
  return x < x0 || x > x1 || y < y0 || y > y1;
}

function flag(ctx, S, { berth: [x, y], point, width, title, dates, colour }) {
  const tie = [Math.max(x, Math.min(point[0], x + width)), Math.max(y, Math.min(point[1], y + TALL))];
  ctx.beginPath();
  ctx.moveTo(...point);
  ctx.lineTo(...tie);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.4;
  ctx.stroke();
  ctx.beginPath();
  ctx.roundRect(x, y, width, TALL, 2);
  ctx.fillStyle = S.surface;
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = colour;
  ctx.fillRect(x, y, 4, TALL);
  ctx.textAlign = 'left';
  ctx.fillStyle = S.ink;
  ctx.font = S.font(12, 600);
  ctx.fillText(title, x + 13, y + 11);
  ctx.fillStyle = S.ink2;
  ctx.font = S.font(11);
  ctx.fillText(dates, x + 13, y + 26);
}
