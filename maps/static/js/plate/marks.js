/** What moves with the pointer and the keyboard: hover, focus, selection and measuring, on a canvas of its own. */
import { trace } from './paths.js';
import { SYMBOL } from './styles.js';

function outlineOf(plate, view, { layer, i }) {
  const { ctx } = view;
  const px = layer.pixels(view.zoom, view.pivot);
  ctx.beginPath();
  if (layer.shape === 'spot') {
    ctx.arc(px[2 * i], px[2 * i + 1], 6, 0, 2 * Math.PI);
  } else if (layer.name === 'communities' && view.band === 'far') {
    const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
    ctx.rect(Math.round((x0 + x1) / 2) - 5, Math.round((y0 + y1) / 2) - 5, 10, 10);
  } else {
    trace(ctx, layer, px, i);
  }
}

/** Outside the outline: white next to it, then ink. Lines get both on each side, under themselves. */
function drawSelected(plate, view, feature) {
  const { ctx } = view;
  const S = plate.styles;
  ctx.save();
  ctx.lineJoin = 'round';
  if (feature.layer.shape === 'path') {
    const { line } = S.line(feature.layer.get('style', feature.i), feature.layer.get('state', feature.i));
    const planned = feature.layer.get('state', feature.i) === 'planned';
    for (const [width, colour] of [[10.5, S.ink], [6, S.surface], [3, line]]) {
      outlineOf(plate, view, feature);
      ctx.setLineDash(planned && width === 3 ? [9, 5] : []);
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.stroke();
    }
    ctx.restore();
    return;
  }
  outlineOf(plate, view, feature);
  ctx.rect(view.left - 50, view.top - 50, view.width + 100, view.height + 100);
  ctx.clip('evenodd');
  for (const [width, colour] of [[9, S.ink], [3, S.surface]]) {
    outlineOf(plate, view, feature);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }
  ctx.restore();
}

function drawHover(plate, view, feature) {
  const { ctx } = view;
  outlineOf(plate, view, feature);
  ctx.strokeStyle = plate.styles.ink;
  ctx.lineWidth = feature.layer.shape === 'path' ? 4 : SYMBOL.hover;
  ctx.globalAlpha = feature.layer.shape === 'path' ? 0.45 : 1;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** The focus ring: accent, 2 px, 2 px off, on a white casing. */
function drawFocus(plate, view, feature) {
  const { ctx } = view;
  const [x0, y0, x1, y1] = feature.layer.pixelBox(feature.i, view.zoom, view.pivot);
  const far = view.band === 'far' || feature.layer.shape === 'spot';
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const box = far ? [mx - 6, my - 6, mx + 6, my + 6] : [x0, y0, x1, y1];
  for (const [width, colour] of [[6, plate.styles.surface], [2, plate.styles.accent]]) {
    ctx.beginPath();
    ctx.roundRect(box[0] - 7, box[1] - 7, box[2] - box[0] + 14, box[3] - box[1] + 14, 4);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }
}

/** Clear and draw the marks. */
export function drawMarks(plate, view) {
  view.begin();
  const { selected, hovered, focused } = plate.marked();
  if (selected) drawSelected(plate, view, selected);
  if (hovered && !(selected?.layer === hovered.layer && selected.i === hovered.i)) drawHover(plate, view, hovered);
  if (focused) {
    drawHover(plate, view, focused);
    drawFocus(plate, view, focused);
  }
  plate.extraMarks?.(view);
}
