/** How a shape that is being drawn looks on the plate's upper canvas. */
import { toWorld } from '../plate/decode.js';
import { band } from '../plate/paths.js';

const LABEL_FROM_PX = 46;

function pixels(view, [lon, lat]) {
  return toWorld(lon, lat).map((value, k) => (value - view.pivot[k]) * view.scale);
}

function tracePath(ctx, points, close) {
  points.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  if (close) ctx.closePath();
}

/** The trench to scale, below its axis. */
function drawBand(view, points, metres, colour) {
  const width = metres / view.mpp;
  if (!(width > 3) || points.length < 2) return;
  const { ctx } = view;
  ctx.beginPath();
  tracePath(ctx, band(points, width), true);
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.lineWidth = 0.8;
  ctx.strokeStyle = colour;
  ctx.stroke();
}

function drawLabel(view, S, a, b, text) {
  const { ctx } = view;
  if (Math.hypot(b[0] - a[0], b[1] - a[1]) < LABEL_FROM_PX) return;
  let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  if (Math.abs(angle) > Math.PI / 2) angle += angle > 0 ? -Math.PI : Math.PI;
  ctx.save();
  ctx.translate((a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
  ctx.rotate(angle);
  ctx.font = `600 11px ${S.font ?? getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 3.5;
  ctx.strokeStyle = S.surface;
  ctx.strokeText(text, 0, -10);
  ctx.fillStyle = S.ink;
  ctx.fillText(text, 0, -10);
  ctx.restore();
}

/**
 * Draw one shape: casing, stroke, fill, lengths. `look` has `colour`, `dash`, `width_m` and `pale`;
 * `pointer` is where the next point would be.
 */
export function drawShape(view, S, shape, { colour, dash = [], width_m = 0, pale = false, pointer = null, project }) {
  const { ctx } = view;
  const area = shape.kind === 'area';
  ctx.save();
  ctx.lineJoin = 'round';
  ctx.lineCap = 'round';
  shape.runs.forEach((run, r) => {
    const points = run.map((point) => pixels(view, point));
    const last = r === shape.runs.length - 1;
    const ahead = last && pointer ? pixels(view, pointer) : null;
    const whole = ahead ? [...points, ahead] : points;
    if (!area) drawBand(view, whole, width_m, colour);
    if (area && whole.length > 2) {
      ctx.beginPath();
      tracePath(ctx, whole, true);
      ctx.globalAlpha = pale ? 0.05 : 0.1;
      ctx.fillStyle = colour;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    for (const [width, stroke] of [[5.4, S.surface], [pale ? 2 : 2.6, colour]]) {
      ctx.beginPath();
      tracePath(ctx, points, area && points.length > 2 && !ahead);
      ctx.setLineDash(stroke === colour ? dash : []);
      ctx.lineWidth = width;
      ctx.strokeStyle = stroke;
      ctx.stroke();
    }
    if (ahead && points.length) {
      ctx.beginPath();
      ctx.moveTo(...points[points.length - 1]);
      ctx.lineTo(...ahead);
      if (area && points.length > 1) ctx.lineTo(...points[0]);
      ctx.setLineDash([4, 5]);
      ctx.lineWidth = 1.6;
      ctx.strokeStyle = colour;
      ctx.stroke();
    }
    ctx.setLineDash([]);
    if (pale) return;
    const flat = [...run, ...(ahead ? [pointer] : area && run.length > 2 ? [run[0]] : [])];
    const metres = flat.map(project);
    for (let k = 1; k < flat.length; k++) {
      const length = Math.hypot(metres[k][0] - metres[k - 1][0], metres[k][1] - metres[k - 1][1]);
      drawLabel(view, S, pixels(view, flat[k - 1]), pixels(view, flat[k]), `${length.toFixed(length < 100 ? 2 : 1)} m`);
    }
  });
  ctx.restore();
}

/** A ring where the pointer catches. */
export function drawCatch(view, S, point) {
  const { ctx } = view;
  const [x, y] = pixels(view, point);
  for (const [width, colour] of [[4.5, S.surface], [2, S.accent]]) {
    ctx.beginPath();
    ctx.arc(x, y, 9, 0, 2 * Math.PI);
    ctx.lineWidth = width;
    ctx.strokeStyle = colour;
    ctx.stroke();
  }
}
