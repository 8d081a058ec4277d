/** A stale edit side by side: what I saw, mine, theirs; for each field that differs one of the two is chosen. */
import { make } from '../plate/dom.js';
import { mark } from './marks.js';
import { moment, word } from './words.js';
import { toWords } from './units.js';

const SHAPE = 'geometry';

function same(a, b) {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function valueOf(version, name) {
  return name === SHAPE ? version?.geometry ?? null : version?.fields?.[name] ?? null;
}

/**
 * Fields in which mine and theirs differ: `both` where both of us changed it, else whose change it is.
 * `columns` are the questions of the layer; the shape comes last.
 */
export function differences({ base, yours, theirs }, columns) {
  const names = [...columns.map(({ name }) => name), SHAPE];
  const out = [];
  for (const name of names) {
    const [before, mine, other] = [base, yours, theirs].map((version) => valueOf(version, name));
    if (same(mine, other)) continue;
    const who = same(before, other) ? 'mine' : same(before, mine) ? 'theirs' : 'both';
    out.push({ name, question: columns.find((one) => one.name === name) ?? null, before, mine, other, who });
  }
  return out;
}

function shapeText(geometry, measure) {
  if (!geometry) return word('empty');
  const { length, area, points } = measure(geometry);
  const size = area ? word('area', { area: area.toFixed(1) }) : word('length', { metres: length.toFixed(2) });
  return `${size} · ${word('points', { count: points })}`;
}

/** A little drawing of a shape against the others; the same frame for all three. */
function picture(geometry, all, measure) {
  const space = 'http://www.w3.org/2000/svg';
  const runs = (one) => (one ? measure(one).runs : []);
  const every = all.flatMap(runs).flat();
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'stale-shape');
  svg.setAttribute('aria-hidden', 'true');
  if (!every.length) return svg;
  const [xs, ys] = [every.map(([x]) => x), every.map(([, y]) => y)];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(112 / (x1 - x0 || 1), 68 / (y1 - y0 || 1));
  svg.setAttribute('viewBox', '-6 -6 124 80');
  const add = (one, className) => {
    for (const run of runs(one)) {
      const path = document.createElementNS(space, 'polyline');
      path.setAttribute('points', run.map(([x, y]) => `${((x - x0) * scale).toFixed(1)},${((y1 - y) * scale).toFixed(1)}`).join(' '));
      path.setAttribute('class', className);
      svg.append(path);
    }
  };
  for (const other of all) if (other !== geometry) add(other, 'is-other');
  add(geometry, 'is-own');
  return svg;
}

function cell(difference, side, value, { measure, all, by }) {
  const shape = difference.name === SHAPE;
  const text = shape ? shapeText(value, measure) : toWords(difference.question, value, word);
  const content = make('span', { class: 'stale-value' }, shape ? picture(value, all, measure) : null, make('span', { text }));
  if (side === 'before') return make('td', { class: 'stale-before', 'data-head': word('stale_base') }, content);
  const input = make('input', { type: 'radio', name: `stale-${difference.name}`, value: side });
  input.checked = side === 'mine' ? difference.who !== 'theirs' : difference.who === 'theirs';
  return make('td', { class: 'stale-choice', 'data-head': side === 'mine' ? word('stale_mine') : word('stale_theirs', { by }) }, make('label', {}, input, content));
}

/**
 * The view. `problem` is the service's answer 412, `measure(geometry)` tells of a shape, `label` names it.
 * Resolves to `{fields, geometry, seen}` to save again, to `{drop: true}`, or to null where it was put away.
 */
export function compare(problem, { columns, measure, wide = false }) {
  const list = differences(problem, columns);
  const by = problem.changed?.by || word('unknown');
  return new Promise((answer) => {
    const head = make('tr', {}, ...['stale_field', 'stale_base', 'stale_mine'].map((key) => make('th', { scope: 'col', text: word(key) })), make('th', { scope: 'col', text: word('stale_theirs', { by }) }));
    const rows = list.map((one) => {
      const all = [one.before, one.mine, one.other];
      const name = one.name === SHAPE ? word('geometry') : one.question.label;
      const note = word({ both: 'stale_both', mine: 'stale_auto_mine', theirs: 'stale_auto_theirs' }[one.who]);
      return make('tr', { class: `is-${one.who}`, 'data-name': one.name },
        make('th', { scope: 'row' }, make('span', { text: name }), make('span', { class: 'hint', text: note })),
        ...[['before', one.before], ['mine', one.mine], ['theirs', one.other]].map(([side, value]) => cell(one, side, value, { measure, all, by })));
    });
    const pick = (side) => {
      for (const input of dialog.querySelectorAll('input[type="radio"]')) input.checked = input.value === side;
    };
    const save = make('button', { type: 'button', class: 'button primary', text: word('stale_save') });
    const drop = make('button', { type: 'button', class: 'button', text: word('stale_drop') });
    const close = make('button', { type: 'button', class: 'form-close', 'aria-label': word('close') }, mark('close'));
    const dialog = make('dialog', { class: `stale${wide ? ' is-wide' : ''}`, 'aria-labelledby': 'stale-title' },
      make('div', { class: 'form-head' }, make('h2', { id: 'stale-title', tabindex: -1, text: word('stale_title') }), close),
      make('p', { class: 'stale-who', text: word('stale_text', { by, at: moment(problem.changed?.at) }) }),
      make('div', { class: 'stale-scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'stale-title' }, make('table', { class: 'stale-table' }, make('thead', {}, head), make('tbody', {}, ...rows))),
      make('div', { class: 'stale-all' },
        make('button', { type: 'button', class: 'plain-button', text: word('stale_all_mine'), on: { click: () => pick('mine') } }),
        make('button', { type: 'button', class: 'plain-button', text: word('stale_all_theirs'), on: { click: () => pick('theirs') } })),
      make('div', { class: 'ask-foot' }, save, drop));
    const end = (value) => {
      dialog.close();
      dialog.remove();
      answer(value);
    };
    save.addEventListener('click', () => {
      const out = { fields: {}, geometry: undefined, seen: problem.theirs.row_revision };
      for (const one of list) {
        if (dialog.querySelector(`input[name="stale-${CSS.escape(one.name)}"]:checked`)?.value !== 'mine') continue;
        if (one.name === SHAPE) out.geometry = one.mine;
        else out.fields[one.name] = one.mine;
      }
      end(out);
    });
    drop.addEventListener('click', () => end({ drop: true }));
    close.addEventListener('click', () => end(null));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      end(null);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector('h2').focus();
  });
}
