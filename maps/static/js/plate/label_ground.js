/** Names on the ground: towns, streets, water, gates, places, and the numbers of buildings. */
import { runs, mileage, along } from './paths.js';
import { eachGround, isFaded, streetWidth } from './draw_ground.js';
import { Room } from './room.js';
import { haloed, measured } from './labels.js';
import { faded } from './styles.js';

function spaced(ctx, text, x, y, spacing, paint) {
  const glyphs = [...text];
  const widths = glyphs.map((glyph) => ctx.measureText(glyph).width);
  const whole = widths.reduce((sum, width) => sum + width + spacing, -spacing);
  let left = x - whole / 2;
  ctx.textAlign = 'left';
  glyphs.forEach((glyph, k) => {
    paint(glyph, left, y);
    left += widths[k] + spacing;
  });
  return whole;
}

const SHARES = [0.5, 0.38, 0.62, 0.27, 0.73, 0.16, 0.84, 0.44, 0.56, 0.33, 0.67, 0.21, 0.79, 0.1, 0.9];

/** Place of a text along a run, or `aside` px beside it, where it is straight enough and nothing stands. */
function streetSpot(points, width, rooms, asides) {
  const miles = mileage(points);
  const whole = miles[miles.length - 1];
  if (whole < width * 1.6) return null;
  for (const aside of asides) {
    for (const share of SHARES) {
      const s = Math.min(Math.max(whole * share, width / 2), whole - width / 2);
      const [a, b] = [along(points, miles, s - width / 2), along(points, miles, s + width / 2)];
      const chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (chord < width * 0.97) continue;
      const [nx, ny] = [(-(b[1] - a[1]) / chord) * aside, ((b[0] - a[0]) / chord) * aside];
      const boxes = Array.from({ length: 7 }, (_, k) => [a[0] + ((b[0] - a[0]) * k) / 6 + nx, a[1] + ((b[1] - a[1]) * k) / 6 + ny]);
      if (boxes.some(([x, y]) => rooms.some((room) => room.meets(x - 8, y - 8, x + 8, y + 8)))) continue;
      let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      if (angle > Math.PI / 2 + 0.2) angle -= Math.PI;
      if (angle < -Math.PI / 2 + 0.2) angle += Math.PI;
      return { x: (a[0] + b[0]) / 2 + nx, y: (a[1] + b[1]) / 2 + ny, angle, boxes, aside };
    }
  }
  return null;
}

/** What a street's name keeps clear of beside labels: water, town edges, lines. */
function busyRoom(plate, view, lines) {
  const room = new Room();
  const dots = (layer, px, i, half) => {
    for (const points of runs(layer, px, i)) {
      const miles = mileage(points);
      for (let s = 0; s < miles.at(-1); s += 10) {
        const [x, y] = along(points, miles, s);
        if (x > view.left && x < view.right && y > view.top && y < view.bottom) room.take(x - half, y - half, x + half, y + half);
      }
    }
  };
  for (const layer of plate.layersOf('boundaries')) {
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world())) dots(layer, px, i, 5);
  }
  eachGround(plate, view, 'area', ['water'], (layer, px, i) => dots(layer, px, i, 5));
  for (const { layer, px, i } of lines) dots(layer, px, i, 2);
  return room;
}

/** Middle line of a long strip of water: halfway between its two banks. */
function middleOf(ring) {
  const points = ring.slice(0, -1);
  const far = (from) => points.reduce((best, [x, y], k) => {
    const d = Math.hypot(x - from[0], y - from[1]);
    return d > best.d ? { d, k } : best;
  }, { d: -1, k: 0 }).k;
  const first = far(points[far(points[0])]);
  const turned = [...points.slice(first), ...points.slice(0, first)];
  const other = far(turned[0]);
  const split = turned.findIndex((point) => point === points[other]);
  const banks = [turned.slice(0, split + 1), [...turned.slice(split), turned[0]].reverse()];
  const lengths = banks.map(mileage);
  return Array.from({ length: 41 }, (_, k) => {
    const [a, b] = banks.map((bank, n) => along(bank, lengths[n], (lengths[n].at(-1) * k) / 40));
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  });
}

/** Clip a run to the part that is in view, so that its name is too. */
function seen(points, view) {
  const [x0, y0, x1, y1] = view.inner;
  const inside = ([x, y]) => x > x0 - 60 && x < x1 + 60 && y > y0 - 60 && y < y1 + 60;
  const miles = mileage(points);
  const whole = miles[miles.length - 1];
  const steps = Math.min(400, Math.ceil(whole / 40));
  const out = [];
  for (let k = 0; k <= steps; k++) {
    const point = along(points, miles, (whole * k) / steps);
    if (inside(point)) out.push(point);
    else if (out.length) break;
  }
  return out;
}

/** Streets and waters in view that have a name, the longest stretch of each. */
function namedRuns(plate, view) {
  const named = new Map();
  const add = (key, name, water, points, metres) => {
    const part = seen(points, view);
    if (part.length < 2) return;
    const length = mileage(part).at(-1);
    if (length > (named.get(key)?.length ?? 0)) named.set(key, { name, water, part, length, metres });
  };
  eachGround(plate, view, 'path', ['street', 'water'], (layer, px, i) => {
    const [name, water] = [layer.get('name', i), layer.get('kind', i) === 'water'];
    if (name) for (const points of runs(layer, px, i)) add(`${name} ${water ? '' : i}`, name, water, points, layer.get('width_m', i));
  });
  eachGround(plate, view, 'area', ['water'], (layer, px, i) => {
    const [ring] = runs(layer, px, i);
    if (layer.get('name', i) && ring?.length > 4) add(layer.get('name', i), layer.get('name', i), true, middleOf(ring), 0);
  });
  return [...named.values()].sort((a, b) => Number(b.water) - Number(a.water) || b.length - a.length);
}

/** Place the names of streets and of water; both keep their room from then on. */
export function placeStreetNames(plate, view, room, lines) {
  const out = [];
  if (!plate.visible.names || !plate.visible.streets || view.mpp > 2.6) return out;
  const { ctx } = view;
  const S = plate.styles;
  const busy = busyRoom(plate, view, lines);
  for (const street of namedRuns(plate, view)) {
    const spacing = street.water ? 4 : 2;
    const width = measured(plate, ctx, S.font(11), street.name) + spacing * street.name.length;
    const off = streetWidth(view, street.metres) / 2 + 8;
    const spot = streetSpot(street.part, width, street.water ? [room] : [room, busy], street.water ? [0] : [0, off, -off]);
    if (!spot || isFaded(plate, view, spot.x, spot.y)) continue;
    for (const [x, y] of spot.boxes) room.take(x - 8, y - 8, x + 8, y + 8);
    out.push({ ...street, ...spot, spacing });
  }
  return out;
}

/** Draw the placed names of streets and water. */
export function drawStreetNames(plate, view, names) {
  const { ctx } = view;
  const S = plate.styles;
  ctx.font = S.font(11);
  for (const { name, x, y, angle, spacing, water, aside } of names) {
    const halo = water ? S.water : aside ? S.ground : S.surface;
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    spaced(ctx, name, 0, 0.5, spacing, (glyph, gx, gy) => haloed(ctx, glyph, gx, gy, water ? S.ink2 : S.ink3, halo));
    ctx.restore();
  }
}

/** Room around a town's name, px, from the least that will do to as much as is wanted. */
const MARGINS = [3, 8, 14, 20, 28, 38, 50, 64];

/** Where a town's name stands: in the widest room among communities and streets. */
function townSpot(plate, view, layer, px, i, width, taken) {
  const [x0, y0, x1, y1] = view.inner.map((edge, k) => edge + (k < 2 ? 30 : -30));
  const box = layer.pixelBox(i, view.zoom, view.pivot);
  const area = [Math.max(x0, box[0]), Math.max(y0, box[1]), Math.min(x1, box[2]), Math.min(y1, box[3])];
  const half = width / 2;
  const step = Math.max(14, (area[2] - area[0]) / 48);
  let best = null;
  let level = 0;
  const isFree = (x, y) => {
    const margin = MARGINS[level];
    return !taken.meets(x - half - margin, y - 16 - margin, x + half + margin, y + 34 + margin);
  };
  for (let x = area[0] + half; x < area[2] - half && level < MARGINS.length; x += step) {
    for (let y = area[1] + 26; y < area[3] - 30 && level < MARGINS.length; y += 14) {
      if (!isFree(x, y)) continue;
      if (!plate.inside(layer, px, i, x - half, y) || !plate.inside(layer, px, i, x + half, y)) continue;
      while (level < MARGINS.length && isFree(x, y)) level++;
      best = { x, y };
    }
  }
  return best;
}

/** What a town's name keeps clear of: communities, placed names, controls; unless `crowded`, streets and water too. */
function townRoom(plate, view, list, names, crowded) {
  const room = new Room();
  const [x0, y0, x1, y1] = view.inner.map((edge, k) => edge + (k < 2 ? -70 : 70));
  for (const { layer, i } of list) room.take(...layer.pixelBox(i, view.zoom, view.pivot));
  for (const { x, y, width, height } of names) room.take(x, y, x + width, y + height);
  for (const box of view.paperWhite ? [] : plate.covered()) room.take(...box.map((edge, k) => view.inner[k % 2] + edge));
  if (crowded) return room;
  eachGround(plate, view, 'path', ['street', 'water'], (layer, px, i) => {
    const half = layer.get('kind', i) === 'water' ? 14 : 6;
    for (const points of runs(layer, px, i)) {
      const miles = mileage(points);
      for (let s = 0; s < miles.at(-1); s += 24) {
        const [x, y] = along(points, miles, s);
        if (x > x0 && x < x1 && y > y0 && y < y1) room.take(x - half, y - half, x + half, y + half);
      }
    }
  });
  eachGround(plate, view, 'area', ['green', 'water'], (layer, px, i) => room.take(...clipped(layer.pixelBox(i, view.zoom, view.pivot), [x0, y0, x1, y1])));
  return room;
}

function clipped(box, [x0, y0, x1, y1]) {
  return [Math.max(box[0], x0), Math.max(box[1], y0), Math.min(box[2], x1), Math.min(box[3], y1)];
}

/** Draw the names of towns, 22 px apart by 12, with what they count. */
export function drawTownNames(plate, view, list, names) {
  if (!plate.visible.names || !plate.visible.boundaries || view.mpp < 0.45) return;
  const { ctx } = view;
  const S = plate.styles;
  const rooms = [];
  const roomAt = (place) => (rooms[place] ??= townRoom(plate, view, list, names, place === 1));
  for (const layer of plate.layersOf('boundaries')) {
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world())) {
      if (layer.get('level', i) !== 'town') continue;
      const name = layer.get('name', i);
      const counts = plate.townCounts(layer.get('code', i));
      const spacing = /[\u3000-\u9fff]/.test(name) ? 12 : 4;
      ctx.font = S.font(22);
      const wide = [...name].length * spacing + ctx.measureText(name).width;
      const line = measured(plate, ctx, S.font(12), counts);
      const spotFor = (width, place) => townSpot(plate, view, layer, px, i, width, roomAt(place));
      const whole = spotFor(Math.max(wide, line), 0);
      const spot = whole ?? spotFor(wide, 0) ?? spotFor(wide, 1);
      if (!spot) continue;
      const pale = plate.state.town && layer.get('code', i) !== plate.state.town;
      const colour = faded(S.ink3, pale ? 0.6 : 1);
      ctx.font = S.font(22);
      spaced(ctx, name, spot.x, spot.y, spacing, (glyph, x, y) => haloed(ctx, glyph, x, y, colour, S.ground));
      if (!whole) continue;
      ctx.font = S.font(12);
      ctx.textAlign = 'center';
      haloed(ctx, counts, spot.x, spot.y + 23, colour, S.ground);
    }
  }
}

/** Numbers of buildings, and from close by their storeys, stairwells and households. */
export function drawBuildingTexts(plate, view) {
  if (!plate.visible.names || !plate.visible.buildings || view.mpp > 1) return;
  const { ctx } = view;
  const S = plate.styles;
  const site = view.band === 'site';
  ctx.textAlign = 'center';
  for (const layer of plate.layersOf('buildings')) {
    if (layer.thinned) continue;
    for (const i of layer.within(...view.world())) {
      const number = layer.get('number', i);
      if (number === null || !layer.match[i]) continue;
      const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
      const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
      if (site) siteText(plate, view, layer, i, { x, y, width: x1 - x0, height: y1 - y0, number });
      else nearText(plate, view, layer, i, { x, y, width: x1 - x0, height: y1 - y0, number });
    }
  }
  ctx.fillStyle = S.ink;
}

function nearText(plate, view, layer, i, { x, y, width, height, number }) {
  const { ctx } = view;
  const S = plate.styles;
  const font = S.font(11, 600);
  const text = [number, /^\d+/.exec(number)?.[0]].find((one) => one && measured(plate, ctx, font, one) + 4 < width);
  if (!text || height < 12) return;
  ctx.font = font;
  ctx.fillStyle = plate.theme === 'progress' && !S.isDark(layer.get('stage', i)) && view.band !== 'site' ? S.surface : S.ink;
  ctx.fillText(text, x, y + 0.5);
}

function siteText(plate, view, layer, i, { x, y, width, height, number }) {
  const { ctx } = view;
  const S = plate.styles;
  const facts = ['storeys', 'units', 'households']
    .filter((column) => layer.get(column, i) !== null)
    .map((column) => plate.word(`unit.${column}`, { value: layer.get(column, i) }))
    .join(' · ');
  const both = facts && height > 36 && measured(plate, ctx, S.font(11), facts) + 10 < width;
  const large = S.font(14, 600);
  if (measured(plate, ctx, large, number) + 6 > width) return nearText(plate, view, layer, i, { x, y, width, height, number });
  ctx.font = large;
  ctx.fillStyle = S.ink;
  ctx.fillText(number, x, both ? y - 8 : y + 0.5);
  if (!both) return undefined;
  ctx.font = S.font(11);
  ctx.fillStyle = S.ink2;
  ctx.fillText(facts, x, y + 9);
  return undefined;
}

/** Names of gates and places, from close by, where there is room. */
export function drawPlaceNames(plate, view, room) {
  if (!plate.visible.names || !plate.visible.details || view.band !== 'site') return;
  const { ctx } = view;
  const S = plate.styles;
  eachGround(plate, view, 'spot', ['gate', 'place'], (layer, px, i) => {
    const name = layer.get('name', i);
    if (!name) return;
    const font = S.font(12);
    const width = measured(plate, ctx, font, name);
    const [gx, gy] = [px[2 * i], px[2 * i + 1]];
    const spots = [[gx + 14 + width / 2, gy + 14], [gx - 14 - width / 2, gy + 14], [gx + 14 + width / 2, gy - 14], [gx - 14 - width / 2, gy - 14], [gx + 40 + width / 2, gy + 14], [gx - 40 - width / 2, gy + 14]];
    const spot = spots.find(([x, y]) => !room.meets(x - width / 2, y - 8, x + width / 2, y + 8));
    if (!spot) return;
    room.take(spot[0] - width / 2, spot[1] - 8, spot[0] + width / 2, spot[1] + 8);
    ctx.font = font;
    ctx.textAlign = 'center';
    haloed(ctx, name, spot[0], spot[1], S.ink, S.ground);
  });
  eachGround(plate, view, 'area', ['place', 'parking'], (layer, px, i) => {
    const name = layer.get('name', i);
    const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
    const font = S.font(11);
    if (!name || measured(plate, ctx, font, name) + 6 > x1 - x0 || y1 - y0 < 14) return;
    ctx.font = font;
    ctx.textAlign = 'center';
    haloed(ctx, name, (x0 + x1) / 2, (y0 + y1) / 2 + 0.5, S.ink3, layer.get('kind', i) === 'place' ? S.yard : S.surface);
  });
}
