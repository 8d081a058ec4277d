/** Names of communities, placed so that none hides another, a community, a pin or a street's name. */
import { SYMBOL } from './styles.js';
import { worksOf, isLateWork } from './state.js';
import { shareOfWorks } from './draw_communities.js';
import { grouped } from './words.js';

/** No window has room for more; the rest are not tried. */
const MOST_NAMES = 800;
const NAME_LINE = 17;
const SUB_LINE = 15;
const GAP = 3;
const TAG = { height: 15, pad: 5, gap: 5, size: 11 };

/** Width of a text, measured once per font and text. */
export function measured(plate, ctx, font, text) {
  plate.widths ??= new Map();
  const key = `${font}\n${text}`;
  let width = plate.widths.get(key);
  if (width === undefined) {
    ctx.font = font;
    width = ctx.measureText(text).width;
    plate.widths.set(key, width);
  }
  return width;
}

/** Percent as the language writes it. */
export function percent(plate, value) {
  return value === null ? plate.word('unit.none') : plate.word('unit.percent', { value: Math.round(value) });
}

/** The line under a name: text, and for the works theme a small bar. */
function subOf(plate, view, layer, i) {
  const stage = layer.get('stage', i);
  const progress = layer.get('progress', i);
  if (plate.theme === 'works') return workSub(plate, layer, i);
  if (plate.theme === 'funding') {
    const yuan = layer.get('investment_yuan', i);
    return yuan === null ? {} : { text: plate.money(yuan) };
  }
  if (plate.theme !== 'progress') return {};
  if (stage === 'renovation' && view.band === 'site') return { text: `${plate.word('stage.renovation')} ${percent(plate, progress)}` };
  if (stage === 'renovation' && progress !== null) return { text: percent(plate, progress) };
  return { text: plate.word(`stage.${stage}`) };
}

function workSub(plate, layer, i) {
  const works = worksOf(layer, i);
  const code = plate.state.work;
  if (code) return works.has(code) ? { text: percent(plate, works.get(code)) } : {};
  if (!works.size) return {};
  const done = [...works.values()].filter((value) => value >= 100).length;
  return { bar: shareOfWorks(layer, i), text: plate.word('map.works_done', { done, scope: works.size }) };
}

function tagOf(plate, layer, i) {
  const days = layer.get('late_days', i);
  const code = plate.state.work;
  if (plate.theme === 'works') return code && isLateWork(layer, i, code) ? plate.word('map.late_legend') : '';
  return days > 0 && plate.theme === 'progress' ? plate.word('map.late', { days }) : '';
}

const BAR = 36;

/** What stands in a community's label, and how large it is. */
function compose(plate, view, layer, i) {
  const { ctx } = view;
  const S = plate.styles;
  const name = String(layer.get('name', i) ?? '');
  const sub = subOf(plate, view, layer, i);
  const tag = tagOf(plate, layer, i);
  const nameFont = S.font(view.band === 'site' ? 14 : 12.5, 600);
  const nameWidth = measured(plate, ctx, nameFont, name);
  const textWidth = sub.text ? measured(plate, ctx, S.font(12), sub.text) : 0;
  const barWidth = sub.bar === undefined ? 0 : BAR + 5;
  const tagWidth = tag ? measured(plate, ctx, S.font(TAG.size, 500), tag) + 2 * TAG.pad : 0;
  const subWidth = barWidth + textWidth + (textWidth && tag ? TAG.gap : 0) + tagWidth;
  const second = sub.text || tag;
  return {
    name, nameFont, sub, tag, barWidth, textWidth, tagWidth, subWidth,
    width: Math.max(nameWidth, subWidth),
    height: NAME_LINE + (second ? SUB_LINE : 0),
  };
}

/** Corners of the block for each side, below first. */
function candidates([x0, y0, x1, y1], { width, height }) {
  const middle = (x0 + x1 - width) / 2;
  const centre = (y0 + y1 - height) / 2;
  return [
    [middle, y1 + GAP],
    [middle, y0 - GAP - height],
    [x1 + 6, centre],
    [x0 - 6 - width, centre],
  ];
}

/** Communities in order of their claim: late, selected, largest. */
function byClaim(plate) {
  const rank = ({ layer, i }) => (layer.get('late_days', i) > 0 ? 2 : 0) + (plate.isSelected('communities', layer.ids[i]) ? 1 : 0);
  const size = ({ layer, i }) => (layer.box[4 * i + 2] - layer.box[4 * i]) * (layer.box[4 * i + 3] - layer.box[4 * i + 1]);
  return (a, b) => rank(b) - rank(a) || size(b) - size(a);
}

function isNamed(plate, view, { layer, i, on }) {
  if (!on) return false;
  if (view.band !== 'far') return true;
  return layer.get('late_days', i) > 0 || plate.isSelected('communities', layer.ids[i]);
}

function anchor(view, { layer, i }) {
  const box = layer.pixelBox(i, view.zoom, view.pivot);
  if (view.band !== 'far') return box;
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return [x - 6, y - 6, x + 6, y + 6];
}

/** Take the room of every community, so that no label stands on one. */
export function takeCommunities(view, list, room) {
  for (const item of list) {
    const [x0, y0, x1, y1] = anchor(view, item);
    room.take(x0 + 1, y0 + 1, x1 - 1, y1 - 1, `${item.i}`);
  }
}

/** Whether a label stands whole in the window. */
function isWhole(view, x, y, { width, height }) {
  const [x0, y0, x1, y1] = view.inner;
  return x >= x0 && y >= y0 && x + width <= x1 && y + height <= y1;
}

function corners([x0, y0, x1, y1]) {
  return [x0, y0, { width: x1 - x0, height: y1 - y0 }];
}

/** Place the names that find room; the others are dropped. */
export function placeNames(plate, view, list, room) {
  if (!plate.visible.names || !plate.visible.communities) return [];
  const out = [];
  const wanted = list.filter((one) => isNamed(plate, view, one)).sort(byClaim(plate));
  for (const item of wanted.slice(0, MOST_NAMES)) {
    const { layer, i } = item;
    const label = compose(plate, view, layer, i);
    if (!label.name) continue;
    const free = candidates(anchor(view, item), label).filter(([x, y]) => !room.meets(x - 2, y, x + label.width + 2, y + label.height));
    const cut = !isWhole(view, ...corners(anchor(view, item)));
    const spot = free.find(([x, y]) => isWhole(view, x, y, label)) ?? (cut ? free[0] : undefined);
    if (!spot) continue;
    const [x, y] = spot;
    room.take(x - 2, y, x + label.width + 2, y + label.height);
    out.push({ ...label, x, y, layer, i });
  }
  return out;
}

/** A text with a halo of the ground colour; the context's alignment is kept. */
export function haloed(ctx, text, x, y, colour, halo) {
  ctx.lineJoin = 'round';
  ctx.strokeStyle = halo;
  ctx.lineWidth = SYMBOL.halo;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

/** Draw placed names. */
export function drawNames(plate, view, names) {
  const { ctx } = view;
  const S = plate.styles;
  const halo = view.paperWhite ? S.surface : S.ground;
  for (const label of names) {
    const middle = label.x + label.width / 2;
    ctx.font = label.nameFont;
    ctx.textAlign = 'center';
    haloed(ctx, label.name, middle, label.y + NAME_LINE / 2 + 0.5, S.ink, halo);
    drawSub(ctx, S, label, middle - label.subWidth / 2, label.y + NAME_LINE + SUB_LINE / 2, halo);
  }
}

function drawSub(ctx, S, label, left, y, halo) {
  let x = left;
  ctx.textAlign = 'left';
  if (label.sub.bar !== undefined) {
    ctx.fillStyle = S.surface;
    ctx.fillRect(x, y - 3, BAR, 6);
    ctx.fillStyle = S.teal;
    ctx.fillRect(x, y - 3, BAR * label.sub.bar, 6);
    ctx.strokeStyle = S.ink2;
    ctx.lineWidth = 0.8;
    ctx.strokeRect(x, y - 3, BAR, 6);
    x += label.barWidth;
  }
  if (label.sub.text) {
    ctx.font = S.font(12);
    haloed(ctx, label.sub.text, x, y + 0.5, S.ink2, halo);
    x += label.textWidth + TAG.gap;
  }
  if (!label.tag) return;
  ctx.beginPath();
  ctx.roundRect(x, y - TAG.height / 2, label.tagWidth, TAG.height, 2);
  ctx.fillStyle = S.ink;
  ctx.fill();
  ctx.font = S.font(TAG.size, 500);
  ctx.fillStyle = S.surface;
  ctx.fillText(label.tag, x + TAG.pad, y + 0.5);
}

/** Investment of yuan in the unit of the language. */
export function moneyText(word, yuan) {
  const divisor = Number(word('unit.money_divisor')) || 1;
  const decimals = Number(word('unit.money_decimals')) || 0;
  return word('unit.money', { value: grouped(yuan / divisor, decimals) });
}
