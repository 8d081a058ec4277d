/** The scale bar in whole metres and the north arrow, drawn the same on screen and on paper. */

const LENGTHS = [2, 4, 10, 20, 40, 100, 200, 400, 1000, 2000, 4000, 10000, 20000, 40000, 100000];

/** The longest bar of whole metres that fits: its metres and its marks. */
export function scaleOf(mpp, widest) {
  const metres = LENGTHS.filter((length) => length / mpp <= widest).at(-1) ?? LENGTHS[0];
  const quarter = metres / 4;
  const marks = Number.isInteger(quarter) ? [0, quarter, 2 * quarter, metres] : [0, metres / 2, metres];
  return { metres, marks, width: metres / mpp };
}

/** Draw the bar with its left end at x, its top text at y. */
export function drawScale(ctx, S, mpp, x, y, widest) {
  const { metres, marks, width } = scaleOf(mpp, widest);
  const kilometres = metres >= 4000;
  ctx.font = S.font(11);
  ctx.textBaseline = 'middle';
  ctx.fillStyle = S.ink2;
  let free = -Infinity;
  marks.forEach((mark, k) => {
    const last = k === marks.length - 1;
    const text = `${kilometres ? mark / 1000 : mark}${last ? (kilometres ? ' km' : ' m') : ''}`;
    const unit = last ? ctx.measureText(kilometres ? ' km' : ' m').width : 0;
    const middle = x + mark / mpp + unit / 2;
    const half = ctx.measureText(text).width / 2;
    const crowded = middle - half < free || (!last && k > 0 && width / 4 < 22);
    if (crowded && !last) return;
    free = middle + half + 4;
    ctx.textAlign = 'center';
    ctx.fillText(text, middle, y);
  });
  ctx.fillStyle = S.surface;
  ctx.fillRect(x, y + 8, width, 4.5);
  ctx.strokeStyle = S.ink;
  ctx.lineWidth = 1;
  ctx.strokeRect(x + 0.5, y + 8.5, width - 1, 3.5);
  ctx.fillStyle = S.ink;
  for (let k = 0; k < marks.length - 1; k++) {
    if (k % 2 === 0) ctx.fillRect(x + marks[k] / mpp, y + 8, (marks[k + 1] - marks[k]) / mpp, 4.5);
  }
  return width;
}

/** Draw the north arrow with its letter; x is its middle. */
export function drawNorth(ctx, S, letter, x, y, size = 1) {
  ctx.font = S.font(11 * size, 600);
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = S.ink;
  ctx.fillText(letter, x, y);
  ctx.beginPath();
  ctx.moveTo(x, y + 7 * size);
  ctx.lineTo(x + 5 * size, y + 25 * size);
  ctx.lineTo(x, y + 21.5 * size);
  ctx.lineTo(x - 5 * size, y + 25 * size);
  ctx.closePath();
  ctx.fill();
}
