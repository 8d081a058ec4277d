/** Tracing and measuring shapes in pixels. */

/** Add feature i to the current path; areas are closed. */
export function trace(ctx, layer, px, i) {
  const { own, seq } = layer;
  const area = layer.shape === 'area';
  for (let s = own[i]; s < own[i + 1]; s++) {
    let p = 2 * seq[s];
    const end = 2 * seq[s + 1] - (area ? 2 : 0);
    ctx.moveTo(px[p], px[p + 1]);
    for (p += 2; p < end; p += 2) ctx.lineTo(px[p], px[p + 1]);
    if (area) ctx.closePath();
  }
}

/** Paths of more shapes than this take the rasteriser far longer than several of fewer. */
const CHUNK = 64;

/** Paint many shapes, few to a path: `add` puts one into the path, `paint` fills or strokes it. */
export function inChunks(ctx, list, add, paint) {
  for (let k = 0; k < list.length; k += CHUNK) {
    ctx.beginPath();
    for (const item of list.slice(k, k + CHUNK)) add(item);
    paint();
  }
}

/** Sequences of a feature as plain arrays of points. */
export function runs(layer, px, i) {
  const out = [];
  for (let s = layer.own[i]; s < layer.own[i + 1]; s++) {
    const points = [];
    for (let p = layer.seq[s]; p < layer.seq[s + 1]; p++) points.push([px[2 * p], px[2 * p + 1]]);
    out.push(points);
  }
  return out;
}

/** Whether the point lies in the area, holes taken out. */
export function contains(layer, px, i, x, y) {
  let inside = false;
  for (let s = layer.own[i]; s < layer.own[i + 1]; s++) {
    const end = 2 * layer.seq[s + 1];
    for (let p = 2 * layer.seq[s], q = end - 2; p < end; q = p, p += 2) {
      if (px[p + 1] > y !== px[q + 1] > y && x < ((px[q] - px[p]) * (y - px[p + 1])) / (px[q + 1] - px[p + 1]) + px[p]) {
        inside = !inside;
      }
    }
  }
  return inside;
}

/** Distance in px from a point to the nearest segment, and that segment's direction and nearest point. */
export function nearest(layer, px, i, x, y) {
  let best = { distance: Infinity, angle: 0, x: 0, y: 0 };
  for (let s = layer.own[i]; s < layer.own[i + 1]; s++) {
    const first = 2 * layer.seq[s];
    const end = 2 * layer.seq[s + 1];
    if (end - first === 2) {
      const distance = Math.hypot(px[first] - x, px[first + 1] - y);
      if (distance < best.distance) best = { distance, angle: 0, x: px[first], y: px[first + 1] };
    }
    for (let p = first; p < end - 2; p += 2) {
      const [ax, ay] = [px[p], px[p + 1]];
      const [bx, by] = [px[p + 2] - ax, px[p + 3] - ay];
      const length = bx * bx + by * by;
      const t = length ? Math.max(0, Math.min(1, ((x - ax) * bx + (y - ay) * by) / length)) : 0;
      const [nx, ny] = [ax + t * bx, ay + t * by];
      const distance = Math.hypot(nx - x, ny - y);
      if (distance < best.distance) best = { distance, angle: Math.atan2(by, bx), x: nx, y: ny };
    }
  }
  return best;
}

/** Length along a run of points, one figure per point. */
export function mileage(points) {
  const out = [0];
  for (let k = 1; k < points.length; k++) {
    out.push(out[k - 1] + Math.hypot(points[k][0] - points[k - 1][0], points[k][1] - points[k - 1][1]));
  }
  return out;
}

/** The point at that length along a run. */
export function along(points, miles, s) {
  let k = 1;
  while (k < miles.length - 1 && miles[k] < s) k++;
  const whole = miles[k] - miles[k - 1] || 1;
  const t = (s - miles[k - 1]) / whole;
  const [a, b] = [points[k - 1], points[k] ?? points[k - 1]];
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
}

/** Both edges of a run widened to `width`, as one closed run; corners are mitred up to twice the width. */
export function band(points, width) {
  const run = points.filter((p, k) => !k || Math.hypot(p[0] - points[k - 1][0], p[1] - points[k - 1][1]) > 0.01);
  if (run.length < 2) return [];
  const left = [];
  const right = [];
  for (let k = 0; k < run.length; k++) {
    const [nx, ny] = corner(run, k);
    left.push([run[k][0] + (nx * width) / 2, run[k][1] + (ny * width) / 2]);
    right.push([run[k][0] - (nx * width) / 2, run[k][1] - (ny * width) / 2]);
  }
  return left.concat(right.reverse());
}

function normal(a, b) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  return [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
}

function corner(run, k) {
  if (k === 0) return normal(run[0], run[1]);
  if (k === run.length - 1) return normal(run[k - 1], run[k]);
  const [ax, ay] = normal(run[k - 1], run[k]);
  const [bx, by] = normal(run[k], run[k + 1]);
  const [mx, my] = [ax + bx, ay + by];
  const stretch = Math.min(2, 2 / Math.max(0.3, mx * mx + my * my));
  return [mx * stretch, my * stretch];
}
