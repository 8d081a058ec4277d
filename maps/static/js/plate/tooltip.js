/** A small card beside the pointer or the focused feature. */
import { make } from './dom.js';
import { tellOf, strokeMark } from './facts.js';
import { percent } from './labels.js';

function lineOf(plate, told) {
  if (!told.stage) return told.line;
  const share = told.stage === 'renovation' && told.share !== null ? ` ${percent(plate, told.share)}` : '';
  return `${plate.word(`stage.${told.stage}`)}${share}`;
}

/** The tooltip of a plate: `show(feature, point)` with a point in the map's container, `hide()`. */
export function makeTooltip(plate) {
  const element = make('div', { class: 'plate-tip', role: 'presentation', hidden: true });
  plate.map.getContainer().append(element);

  function fill({ layer, i }) {
    const told = tellOf(plate, layer, i);
    const head = make('div', { class: 'plate-tip-title' });
    if (told.stroke) head.append(strokeMark(plate, told.stroke.style, told.stroke.state));
    head.append(make('strong', { text: told.title }));
    if (told.tag) head.append(make('span', { class: 'plate-tag', text: told.tag }));
    element.replaceChildren(head);
    const line = lineOf(plate, told);
    if (line) element.append(make('div', { class: 'plate-tip-line', text: line }));
  }

  return {
    element,
    show(feature, point) {
      fill(feature);
      element.hidden = false;
      const size = plate.map.getSize();
      const { offsetWidth: width, offsetHeight: height } = element;
      const left = point.x + 14 + width > size.x - 8 ? point.x - 14 - width : point.x + 14;
      const top = point.y + 16 + height > size.y - 8 ? point.y - 12 - height : point.y + 16;
      element.style.transform = `translate(${Math.max(8, left)}px,${Math.max(8, top)}px)`;
    },
    hide() {
      element.hidden = true;
    },
  };
}
