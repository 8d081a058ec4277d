/** The card of the selected feature, beside it; a sheet at the foot of narrow screens. */
import { make, shield, isNarrow } from './dom.js';
import { icon } from './icons.js';
import { stageBar, strokeMark, tellOf } from './facts.js';

function link(plate, layer, i) {
  const pattern = plate.payload.links?.community;
  const id = layer.name === 'communities' ? layer.ids[i] : layer.get('community', i);
  if (!pattern || id === null || id === undefined) return null;
  const asks = new URLSearchParams(plate.payload.asks).toString();
  const href = pattern.replace('{id}', encodeURIComponent(id)) + (asks && `?${asks}`);
  return make('a', { class: 'plate-card-link', href, text: plate.word('map.open') });
}

function rowsOf(plate, rows) {
  const list = make('dl', { class: 'plate-card-rows' });
  for (const [key, value] of rows) {
    if (value === null || value === undefined || value === '') continue;
    list.append(make('dt', { text: plate.word(key) }), make('dd', { text: value }));
  }
  return list.childElementCount ? list : null;
}

/** The card's content for a feature. */
export function cardOf(plate, { layer, i }, close) {
  const told = tellOf(plate, layer, i);
  const head = make('div', { class: 'plate-card-head' });
  if (told.stroke) head.append(strokeMark(plate, told.stroke.style, told.stroke.state));
  head.append(make('h2', { class: 'plate-card-title', text: told.title }));
  if (told.tag) head.append(make('span', { class: 'plate-tag', text: told.tag }));
  head.append(make('button', { class: 'plate-card-close', type: 'button', 'aria-label': plate.word('map.close'), on: { click: close } }, icon('close')));
  const foot = [
    told.reason ? make('p', { class: 'plate-card-reason', text: told.reason }) : null,
    told.note ? make('p', { class: 'plate-card-note', text: told.note }) : null,
    link(plate, layer, i),
  ].filter(Boolean);
  return [
    head,
    told.line ? make('p', { class: 'plate-card-line', text: told.line }) : null,
    told.stage ? stageBar(plate, told.stage, told.share) : null,
    rowsOf(plate, told.rows ?? []),
    foot.length ? make('div', { class: 'plate-card-foot' }, ...foot) : null,
  ].filter(Boolean);
}

const GAP = 14;

/** Corner of the card in the container: right of the box, else left, below, above, and always in sight. */
function berth(box, card, size) {
  const [x0, y0, x1, y1] = box;
  const middle = (y0 + y1) / 2 - card.height / 2;
  const centre = (x0 + x1) / 2 - card.width / 2;
  const spots = [[x1 + GAP, middle], [x0 - GAP - card.width, middle], [centre, y1 + GAP + 34], [centre, y0 - GAP - card.height]];
  const fits = ([x, y], k) => (k < 2 ? x >= 8 && x + card.width <= size.x - 56 : y >= 8 && y + card.height <= size.y - 8);
  const [x, y] = spots.find(fits) ?? [size.x - card.width - 64, 8];
  return [Math.max(8, Math.min(x, size.x - card.width - 8)), Math.max(8, Math.min(y, size.y - card.height - 8))];
}

/** The card of a plate: `open(feature)`, `close()`, `place()` after the map has moved. */
export function makePopup(plate, onClose) {
  const element = make('section', { class: 'plate-card', role: 'dialog', hidden: true });
  shield(element);
  plate.map.getContainer().append(element);
  let feature = null;

  function place() {
    if (!feature) return;
    element.classList.toggle('is-sheet', isNarrow(plate.map));
    if (isNarrow(plate.map)) {
      element.style.transform = '';
      return;
    }
    const box = plate.containerBox(feature.layer, feature.i);
    const size = plate.map.getSize();
    const out = box[2] < 0 || box[3] < 0 || box[0] > size.x || box[1] > size.y;
    element.classList.toggle('is-away', out);
    const [x, y] = berth(box, { width: element.offsetWidth, height: element.offsetHeight }, size);
    element.style.transform = `translate(${Math.round(x)}px,${Math.round(y)}px)`;
  }

  /** Pan so that the sheet does not hide what it tells of. */
  function raise() {
    const [, , , bottom] = plate.containerBox(feature.layer, feature.i);
    const top = plate.map.getSize().y - element.offsetHeight - 24;
    if (bottom > top) plate.map.panBy([0, bottom - top], { animate: false });
  }

  function close() {
    if (!feature) return;
    feature = null;
    const within = element.contains(document.activeElement);
    element.hidden = true;
    onClose(within);
  }

  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  });
  return {
    element,
    place,
    close,
    get isOpen() {
      return Boolean(feature);
    },
    open(next, focus = false) {
      feature = next;
      element.replaceChildren(...cardOf(plate, next, close));
      element.setAttribute('aria-label', tellOf(plate, next.layer, next.i).title);
      element.hidden = false;
      place();
      if (isNarrow(plate.map)) raise();
      if (focus) element.querySelector('a, button')?.focus({ preventScroll: true });
    },
  };
}
