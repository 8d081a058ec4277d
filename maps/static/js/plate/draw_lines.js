/** Lines with their casing, crosses on abandoned ones, and the symbols of chambers and lamps. */
import { along, inChunks, mileage, runs, trace } from './paths.js';
import { BANDS, isGone, lineWidth } from './styles.js';

const PLANNED_DASH = [9, 5];
const CROSS_STEP = 32;
/** Paper shows finer lines than a screen. */
const PAPER_FINER = 1.8;
const FOCUSED = new Set(['lines']);

/** Whether a line is drawn at this scale and theme. */
export function isLineShown(plate, view, layer, i) {
  const state = layer.get('state', i);
  if (state === 'removed' || plate.visible[`line.${styleOf(layer, i)}`] === false) return false;
  if (view.band === 'site') return true;
  const house = layer.get('house_connection', i);
  if (FOCUSED.has(plate.theme)) {
    if (view.mpp < BANDS.lines * (view.paperWhite ? PAPER_FINER : 1)) return !house || view.mpp < 0.6;
    return view.mpp < 5 && Boolean(layer.get('trunk', i));
  }
  if (plate.theme === 'coordination' && view.mpp < BANDS.lines && state === 'planned') return !house;
  return view.band === 'near' && Boolean(layer.get('trunk', i)) && plate.theme !== 'funding';
}

export function styleOf(layer, i) {
  return isGone(layer.get('state', i)) ? 'FQ' : layer.get('style', i);
}

/** Lines in view that are drawn, as {layer, px, i, on}. */
export function surveyLines(plate, view) {
  const out = [];
  if (!plate.visible.lines || view.band === 'far') return out;
  for (const layer of plate.layersOf('lines')) {
    if (layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(24))) {
      if (isLineShown(plate, view, layer, i)) out.push({ layer, px, i, on: layer.match[i] });
    }
  }
  return out;
}

/** Groups that share one stroke, lowest first: faded, abandoned, existing by kind, planned. */
function strokes(plate, view, list) {
  const groups = new Map();
  for (const item of list) {
    const { layer, i, on } = item;
    const state = layer.get('state', i);
    const planned = state === 'planned';
    const width = lineWidth(layer, i, view.mpp);
    const rank = (on ? 8 : 0) + (planned ? 4 : isGone(state) ? 0 : layer.get('house_connection', i) ? 1 : 2);
    const key = `${rank} ${styleOf(layer, i)} ${width}`;
    if (!groups.has(key)) {
      const { line } = plate.styles.line(layer.get('style', i), state);
      groups.set(key, { rank, width, planned, on, gone: isGone(state), colour: line, items: [] });
    }
    groups.get(key).items.push(item);
  }
  return [...groups.values()].sort((a, b) => a.rank - b.rank || a.width - b.width);
}

/** Draw the surveyed lines, each on a casing of paper. */
export function drawLines(plate, view, list) {
  const { ctx } = view;
  const S = plate.styles;
  const casing = view.mpp > 0.6 ? 0.8 : 1.2;
  ctx.lineJoin = 'round';
  ctx.lineCap = 'butt';
  for (const group of strokes(plate, view, list)) {
    const add = ({ layer, px, i }) => trace(ctx, layer, px, i);
    ctx.globalAlpha = group.on ? 1 : 0.35;
    ctx.setLineDash([]);
    ctx.strokeStyle = S.paper;
    ctx.lineWidth = group.width + 2 * casing;
    inChunks(ctx, group.items, add, () => ctx.stroke());
    const short = view.mpp > 0.6;
    if (group.planned) ctx.setLineDash(short ? [5, 3] : PLANNED_DASH);
    ctx.strokeStyle = group.colour;
    ctx.lineWidth = group.width;
    inChunks(ctx, group.items, add, () => ctx.stroke());
    ctx.setLineDash([]);
    if (group.gone && view.mpp < 0.6) drawCrosses(view, group);
  }
  ctx.globalAlpha = 1;
}

function drawCrosses(view, group) {
  const { ctx } = view;
  ctx.beginPath();
  for (const { layer, px, i } of group.items) {
    for (const points of runs(layer, px, i)) {
      const miles = mileage(points);
      const whole = miles[miles.length - 1];
      for (let s = Math.min(16, whole / 2); s < whole; s += CROSS_STEP) {
        const [x, y] = along(points, miles, s);
        ctx.moveTo(x - 3, y - 3);
        ctx.lineTo(x + 3, y + 3);
        ctx.moveTo(x + 3, y - 3);
        ctx.lineTo(x - 3, y + 3);
      }
    }
  }
  ctx.lineWidth = 1.1;
  ctx.stroke();
}

const ROUND = new Set(['WS', 'HS', 'PS']);

/** Whether nodes are drawn at this scale. */
export function areNodesShown(plate, view) {
  return plate.visible.nodes && plate.visible.lines && view.mpp < (plate.theme === 'lines' ? 0.45 : BANDS.site);
}

/** The symbol of a node, or null where it carries none. */
export function nodeSymbol(plate, layer, i) {
  if (plate.visible[`line.${layer.get('style', i)}`] === false) return null;
  const code = layer.get('code', i) ?? layer.get('style', i);
  if (code === 'LD') return 'lamp';
  if (code === 'YS') return 'square';
  if (ROUND.has(code)) return layer.get('appurtenance', i) ? 'circle' : null;
  return layer.get('appurtenance', i) ? 'ring' : null;
}

/** Nodes in view that carry a symbol, from close by. */
export function surveyNodes(plate, view) {
  const out = [];
  if (!areNodesShown(plate, view)) return out;
  for (const layer of plate.layersOf('nodes')) {
    if (layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(8))) {
      const symbol = nodeSymbol(plate, layer, i);
      if (symbol) out.push({ layer, px, i, symbol, on: layer.match[i] });
    }
  }
  return out;
}

/** Chambers and lamps: foul circle of 3.4, storm square of 6, lamp of 2, others a ring of 2.6. */
export function drawNodes(plate, view, list) {
  const { ctx } = view;
  const S = plate.styles;
  for (const { layer, px, i, symbol, on } of list) {
    const [x, y] = [px[2 * i], px[2 * i + 1]];
    ctx.globalAlpha = on ? 1 : 0.35;
    ctx.beginPath();
    if (symbol === 'square') ctx.rect(x - 3, y - 3, 6, 6);
    else ctx.arc(x, y, symbol === 'circle' ? 3.4 : symbol === 'lamp' ? 2 : 2.6, 0, 2 * Math.PI);
    ctx.fillStyle = S.surface;
    ctx.fill();
    ctx.strokeStyle = S.line(layer.get('style', i)).line;
    ctx.lineWidth = symbol === 'lamp' || symbol === 'ring' ? 1.1 : 1.5;
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}
