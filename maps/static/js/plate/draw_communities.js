/** Communities and buildings: by stage, by work, or outlined only. */
import { inChunks, trace } from './paths.js';
import { SYMBOL, faded } from './styles.js';
import { worksOf, isLateWork } from './state.js';

const SQUARE = 10;
const OUTLINED = new Set(['lines', 'coordination', 'funding']);

/** Whether communities are outlined rather than filled. */
export function isOutlined(plate, view) {
  return view.band === 'site' || OUTLINED.has(plate.theme);
}

/** How one community looks: fill, how much of it, hatch, tick, dot. */
export function faceOf(plate, view, layer, i) {
  const S = plate.styles;
  const late = layer.get('late_days', i) > 0;
  if (view.band === 'site') return { fill: S.paper, late: false, wall: true };
  if (plate.theme === 'progress') return { fill: S.stage(layer.get('stage', i)).fill, late, hatch: late };
  if (plate.theme === 'works') return workFace(plate, layer, i);
  return { fill: S.paper, late: false };
}

function workFace(plate, layer, i) {
  const S = plate.styles;
  const code = plate.state.work;
  if (!code) return { fill: S.surface, late: false, share: shareOfWorks(layer, i), slim: true };
  const percent = worksOf(layer, i).get(code);
  if (percent === undefined) return { fill: null, late: false, out: true };
  if (percent >= 100) return { fill: S.azurite, late: false, done: true };
  const late = isLateWork(layer, i, code);
  return { fill: S.surface, share: percent / 100, late, hatch: late };
}

/** Share of the works in scope that are done, 0 to 1, items weighed alike. */
export function shareOfWorks(layer, i) {
  const works = worksOf(layer, i);
  let sum = 0;
  for (const percent of works.values()) sum += percent;
  return works.size ? sum / works.size / 100 : 0;
}

/** Tile of the hatch in px: two of its lines, so that it is whole. */
const TILE = 17;

/** Lines of 45° as a pattern, anchored to the ground so that neighbours agree; made once per device ratio. */
function hatchOf(plate, view) {
  plate.hatches ??= new Map();
  if (!plate.hatches.has(view.ratio)) {
    const side = Math.round(TILE * view.ratio);
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    const ctx = canvas.getContext('2d');
    ctx.scale(side / TILE, side / TILE);
    ctx.strokeStyle = plate.styles.ink;
    ctx.lineWidth = SYMBOL.hatchWidth;
    for (let c = -TILE; c <= TILE; c += TILE / 2) {
      ctx.moveTo(c - 2, -2);
      ctx.lineTo(c + TILE + 2, TILE + 2);
    }
    ctx.stroke();
    const pattern = view.ctx.createPattern(canvas, 'repeat');
    pattern.setTransform(new DOMMatrix().scale(TILE / side, TILE / side));
    plate.hatches.set(view.ratio, pattern);
  }
  return plate.hatches.get(view.ratio);
}

/** Communities in view with face and fading, for the other passes. */
export function surveyCommunities(plate, view) {
  const out = [];
  for (const layer of plate.layersOf('communities')) {
    if (!plate.visible.communities || layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(8))) {
      out.push({ layer, px, i, face: faceOf(plate, view, layer, i), on: layer.match[i] });
    }
  }
  return out;
}

function batches(list, keyOf) {
  const out = new Map();
  for (const item of list) {
    const key = keyOf(item);
    if (key === null) continue;
    if (!out.has(key)) out.set(key, []);
    out.get(key).push(item);
  }
  return out;
}

function alpha(ctx, on) {
  ctx.globalAlpha = on ? 1 : 0.35;
}

/** Square of 10 px that stands for a community from afar: left and top. */
function corner(view, { layer, i }) {
  const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
  return [Math.round((x0 + x1) / 2) - SQUARE / 2, Math.round((y0 + y1) / 2) - SQUARE / 2];
}

/** Add the shape of a community at this scale to the current path. */
function shapeOf(view, item) {
  if (view.band === 'far') view.ctx.rect(...corner(view, item), SQUARE, SQUARE);
  else trace(view.ctx, item.layer, item.px, item.i);
}

/** Fills, shares and hatches; squares from afar. */
export function drawCommunityFills(plate, view, list) {
  const { ctx } = view;
  for (const group of batches(list, ({ face, on }) => (face.fill ? `${face.fill} ${on}` : null)).values()) {
    ctx.fillStyle = group[0].face.fill;
    alpha(ctx, group[0].on || view.band === 'site');
    paintAll(view, group, 'fill');
  }
  for (const item of list) if (item.face.share && !item.face.slim) fillShare(plate, view, item);
  for (const group of batches(list, ({ face, on }) => (face.hatch ? `${on}` : null)).values()) {
    ctx.fillStyle = hatchOf(plate, view);
    alpha(ctx, group[0].on);
    paintAll(view, group, 'fill');
  }
  ctx.globalAlpha = 1;
}

/** Fill or stroke many communities with what is set on the context. */
function paintAll(view, group, what) {
  const { ctx } = view;
  if (view.band === 'far') {
    for (const item of group) ctx[`${what}Rect`](...corner(view, item), SQUARE, SQUARE);
    return;
  }
  inChunks(ctx, group, (item) => trace(ctx, item.layer, item.px, item.i), what === 'fill' ? () => ctx.fill('evenodd') : () => ctx.stroke());
}

function fillShare(plate, view, item) {
  const { ctx } = view;
  const far = view.band === 'far';
  const [x0, y0, x1, y1] = far ? [...corner(view, item), ...corner(view, item).map((edge) => edge + SQUARE)] : item.layer.pixelBox(item.i, view.zoom, view.pivot);
  ctx.save();
  alpha(ctx, item.on);
  ctx.beginPath();
  shapeOf(view, item);
  ctx.clip('evenodd');
  ctx.fillStyle = plate.styles.teal;
  ctx.fillRect(x0, y0, (x1 - x0) * item.face.share, y1 - y0);
  ctx.restore();
}

/** Outlines above lanes and buildings; the wall of a site from close by. */
export function drawCommunityEdges(plate, view, list) {
  const { ctx } = view;
  const S = plate.styles;
  const weight = ({ face }) => (face.wall ? 1.6 : face.late ? SYMBOL.late : SYMBOL.outline);
  const groups = batches(list, (item) => `${weight(item)} ${item.on} ${item.face.out ?? 0} ${isProvisional(item)}`);
  for (const group of groups.values()) {
    alpha(ctx, group[0].on);
    ctx.strokeStyle = group[0].face.out ? S.rule2 : S.ink;
    ctx.lineWidth = weight(group[0]);
    ctx.setLineDash(isProvisional(group[0]) ? [5, 3] : []);
    paintAll(view, group, 'stroke');
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function isProvisional({ layer, i }) {
  return Boolean(layer.get('provisional', i));
}

/** Tick in the done ones and dot in those out of scope, for the chosen item of the works theme. */
export function drawWorkMarks(plate, view, list) {
  const { ctx } = view;
  const S = plate.styles;
  if (plate.theme !== 'works' || view.band === 'far') return;
  for (const { layer, i, face, on } of list) {
    if (!face.done && !face.out) continue;
    const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    alpha(ctx, on || face.out);
    if (face.done) tick(ctx, S, x, y, Math.min(11, (y1 - y0) / 3));
    else dot(ctx, S, x, y);
  }
  ctx.globalAlpha = 1;
}

function tick(ctx, S, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fillStyle = S.azurite;
  ctx.fill();
  ctx.beginPath();
  ctx.moveTo(x - r * 0.5, y);
  ctx.lineTo(x - r * 0.12, y + r * 0.38);
  ctx.lineTo(x + r * 0.52, y - r * 0.38);
  ctx.strokeStyle = S.surface;
  ctx.lineWidth = Math.max(1.4, r / 5);
  ctx.stroke();
}

function dot(ctx, S, x, y) {
  ctx.beginPath();
  ctx.arc(x, y, 2.2, 0, 2 * Math.PI);
  ctx.fillStyle = S.rule2;
  ctx.fill();
}

/** Buildings: ink on the stage's fill, white on the dark stages, stone where communities are outlined. */
export function drawBuildings(plate, view) {
  if (!plate.visible.buildings || view.band === 'far') return;
  const { ctx } = view;
  const S = plate.styles;
  const stone = isOutlined(plate, view) || (plate.theme === 'works' && !plate.state.work);
  const list = [];
  for (const layer of plate.layersOf('buildings')) {
    if (layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(4))) list.push({ layer, px, i, on: layer.match[i] });
  }
  const ink = ({ layer, i }) => {
    if (stone) return S.building;
    if (plate.theme === 'works') return workInk(plate, layer, i);
    return S.isDark(layer.get('stage', i)) ? faded(S.surface, 0.82) : faded(S.ink, 0.74);
  };
  for (const group of batches(list, (item) => `${ink(item)} ${item.on}`).values()) {
    alpha(ctx, group[0].on || view.band === 'site');
    ctx.fillStyle = ink(group[0]);
    ctx.strokeStyle = S.ink2;
    ctx.lineWidth = view.band === 'site' ? 1.1 : 0.6;
    const paint = () => {
      ctx.fill('nonzero');
      if (stone) ctx.stroke();
    };
    inChunks(ctx, group, ({ layer, px, i }) => trace(ctx, layer, px, i), paint);
  }
  ctx.globalAlpha = 1;
  if (view.band === 'site' && plate.visible.details) drawEntrances(view, S, list);
}

/** Ink of a building by how far the chosen item is at its community. */
function workInk(plate, layer, i) {
  const S = plate.styles;
  const found = plate.lookUp('communities', layer.get('community', i));
  const percent = found ? worksOf(found.layer, found.i).get(plate.state.work) : undefined;
  if (percent === undefined) return S.building;
  return percent >= 100 ? faded(S.surface, 0.82) : faded(S.ink, 0.74);
}

/** One porch per stairwell, spread along the longer façade that faces north. */
function drawEntrances(view, S, list) {
  const { ctx } = view;
  ctx.beginPath();
  for (const { layer, px, i } of list) {
    const units = Math.min(layer.get('units', i) ?? 0, 12);
    const wall = units ? northWall(layer, px, i) : null;
    if (wall) porches(ctx, wall, units, 1 / view.mpp);
  }
  ctx.fillStyle = S.porch;
  ctx.fill();
  ctx.strokeStyle = S.ink3;
  ctx.lineWidth = 0.8;
  ctx.stroke();
}

function northWall(layer, px, i) {
  let best = null;
  const s = layer.own[i];
  for (let p = 2 * layer.seq[s]; p < 2 * layer.seq[s + 1] - 2; p += 2) {
    const [ax, ay, bx, by] = [px[p], px[p + 1], px[p + 2], px[p + 3]];
    const length = Math.hypot(bx - ax, by - ay);
    if (Math.abs(by - ay) > length * 0.8) continue;
    const height = (ay + by) / 2 - length * 0.25;
    if (!best || height < best.height) best = { height, length, a: ax < bx ? [ax, ay] : [bx, by], b: ax < bx ? [bx, by] : [ax, ay] };
  }
  return best;
}

function porches(ctx, { a, b, length }, units, metre) {
  const [ux, uy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const [half, deep] = [1.3 * metre, 1.1 * metre];
  for (let k = 0; k < units; k++) {
    const s = (length * (k + 0.5)) / units;
    const [x, y] = [a[0] + ux * s, a[1] + uy * s];
    const corner = (along, out) => [x + ux * along + uy * out, y + uy * along - ux * out];
    ctx.moveTo(...corner(-half, 0));
    ctx.lineTo(...corner(-half, deep));
    ctx.lineTo(...corner(half, deep));
    ctx.lineTo(...corner(half, 0));
    ctx.closePath();
  }
}

/** Squares of 10 px for communities or buildings that the service has thinned. */
export function drawThinned(plate, view) {
  const { ctx } = view;
  const S = plate.styles;
  for (const name of ['buildings', 'communities']) {
    for (const layer of plate.layersOf(name)) {
      if (!layer.thinned || !plate.visible[name]) continue;
      const px = layer.pixels(view.zoom, view.pivot);
      for (const i of layer.within(...view.world(8))) {
        const size = Math.min(10, 4 + 2 * Math.log2(1 + (layer.get('count', i) ?? 1)));
        const stage = layer.get('stage', i);
        const [x, y] = [Math.round(px[2 * i] - size / 2), Math.round(px[2 * i + 1] - size / 2)];
        ctx.fillStyle = stage && plate.theme === 'progress' ? S.stage(stage).fill : name === 'buildings' ? S.ink3 : S.rule2;
        ctx.fillRect(x, y, size, size);
        if (name === 'communities') {
          ctx.strokeStyle = S.ink;
          ctx.lineWidth = layer.get('late_days', i) > 0 ? SYMBOL.late : SYMBOL.outline;
          ctx.strokeRect(x, y, size, size);
        }
      }
    }
  }
}
