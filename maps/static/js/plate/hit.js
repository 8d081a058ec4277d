/** Which feature lies under a point: nodes, lines, digs, buildings, communities, in that order. */
import { contains, nearest } from './paths.js';
import { areNodesShown, isLineShown, nodeSymbol } from './draw_lines.js';
import { areDigsShown, digWidth } from './draw_digs.js';

const REACH = { node: 7, line: 6, square: 8 };

function candidates(plate, view, name, [x, y], reach) {
  const wx = view.pivot[0] + x / view.scale;
  const wy = view.pivot[1] + y / view.scale;
  const r = reach / view.scale;
  return plate
    .layersOf(name)
    .filter((layer) => !layer.thinned)
    .flatMap((layer) => layer.within(wx - r, wy - r, wx + r, wy + r).map((i) => ({ layer, i })));
}

function closest(list, distance, reach) {
  let best = null;
  for (const item of list) {
    const d = distance(item);
    if (d <= reach && (!best || d < best.d)) best = { ...item, d };
  }
  return best;
}

function hitNodes(plate, view, at) {
  if (!areNodesShown(plate, view)) return null;
  const list = candidates(plate, view, 'nodes', at, REACH.node).filter(({ layer, i }) => layer.match[i] && nodeSymbol(plate, layer, i));
  return closest(list, (item) => away(view, item, at), REACH.node);
}

function away(view, { layer, i }, [x, y]) {
  return nearest(layer, layer.pixels(view.zoom, view.pivot), i, x, y).distance;
}

function hitLines(plate, view, at) {
  if (!plate.visible.lines || view.band === 'far') return null;
  const list = candidates(plate, view, 'lines', at, REACH.line).filter(({ layer, i }) => layer.match[i] && isLineShown(plate, view, layer, i));
  return closest(list, (item) => away(view, item, at), REACH.line);
}

function hitDigs(plate, view, at) {
  if (!areDigsShown(plate, view)) return null;
  const list = candidates(plate, view, 'digs', at, 30).filter(({ layer, i }) => layer.match[i]);
  return closest(
    list,
    (item) => {
      if (item.layer.shape === 'area') return isIn(view, item, at) ? 0 : Infinity;
      return Math.max(0, away(view, item, at) - digWidth(plate, view, item.layer, item.i) / 2);
    },
    2,
  );
}

function isIn(view, { layer, i }, [x, y]) {
  return contains(layer, layer.pixels(view.zoom, view.pivot), i, x, y);
}

function hitAreas(plate, view, name, at) {
  if (!plate.visible[name]) return null;
  if (name === 'communities' && view.band === 'far') {
    const list = candidates(plate, view, name, at, REACH.square);
    const distance = ({ layer, i }) => {
      const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
      return Math.max(Math.abs((x0 + x1) / 2 - at[0]), Math.abs((y0 + y1) / 2 - at[1]));
    };
    return closest(list, distance, REACH.square);
  }
  return candidates(plate, view, name, at, 0).find((item) => isIn(view, item, at)) ?? null;
}

/** The feature under a point in pixels of the view, or null. Filtered ones stay to be found below the others. */
export function featureAt(plate, view, at) {
  return (
    hitNodes(plate, view, at) ??
    hitLines(plate, view, at) ??
    hitDigs(plate, view, at) ??
    (view.band === 'site' ? hitAreas(plate, view, 'buildings', at) : null) ??
    hitAreas(plate, view, 'communities', at)
  );
}
