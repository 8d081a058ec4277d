/** Where a point catches: on a vertex that is near, else on a line that is near, else nowhere. */
import { fromWorld, toWorld } from '../plate/decode.js';

const LAYERS = ['lines', 'nodes', 'digs', 'buildings', 'communities'];
const VERTEX_PX = 10;
const LINE_PX = 7;
const FINGER = 1.6;

/** Vertices and segments of the features near a place, in units of zoom 0. */
function* near(plate, x, y, reach, skip) {
  for (const name of LAYERS) {
    if (!plate.visible[name] && name !== 'nodes') continue;
    for (const layer of plate.layersOf(name)) {
      if (layer.thinned) continue;
      for (const i of layer.within(x - reach, y - reach, x + reach, y + reach)) {
        if (skip && skip.layer === name && String(layer.ids[i]) === skip.id) continue;
        for (let s = layer.own[i]; s < layer.own[i + 1]; s++) yield [layer.xy, 2 * layer.seq[s], 2 * layer.seq[s + 1]];
      }
    }
  }
}

function* drawnRuns(runs) {
  for (const run of runs) {
    const xy = new Float64Array(run.length * 2);
    run.forEach(([lon, lat], k) => xy.set(toWorld(lon, lat), 2 * k));
    yield [xy, 0, xy.length];
  }
}

function closer(best, x, y, px, py, limit) {
  const d = Math.hypot(px - x, py - y);
  return d <= limit && (!best || d < best.d) ? { d, x: px, y: py } : best;
}

/**
 * The place where `latlng` catches: `{point: [lon, lat], on: 'vertex' | 'line' | null}`.
 * `others` are further runs in degrees; `skip` is the row that is being drawn; a finger catches from further.
 */
export function snapped(plate, latlng, { others = [], skip = null, finger = false } = {}) {
  const [x, y] = toWorld(latlng.lng, latlng.lat);
  const scale = 2 ** plate.map.getZoom();
  const [toVertex, toLine] = [VERTEX_PX, LINE_PX].map((px) => ((finger ? FINGER : 1) * px) / scale);
  let vertex = null;
  let line = null;
  const take = (xy, start, end) => {
    for (let p = start; p < end; p += 2) {
      vertex = closer(vertex, x, y, xy[p], xy[p + 1], toVertex);
      if (p + 2 >= end) continue;
      const [bx, by] = [xy[p + 2] - xy[p], xy[p + 3] - xy[p + 1]];
      const whole = bx * bx + by * by;
      const t = whole ? Math.max(0, Math.min(1, ((x - xy[p]) * bx + (y - xy[p + 1]) * by) / whole)) : 0;
      line = closer(line, x, y, xy[p] + t * bx, xy[p + 1] + t * by, toLine);
    }
  };
  for (const [xy, start, end] of near(plate, x, y, toVertex, skip)) take(xy, start, end);
  for (const [xy, start, end] of drawnRuns(others)) take(xy, start, end);
  const found = vertex ?? line;
  if (!found) return { point: [latlng.lng, latlng.lat], on: null };
  return { point: fromWorld(found.x, found.y), on: vertex ? 'vertex' : 'line' };
}
