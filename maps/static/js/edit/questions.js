/** The questions of a form: what they hold, what is wrong with it, and where that is said. */
import { make } from '../plate/dom.js';
import { mark } from './marks.js';
import { decimalsOf, isNumber, plain, toStore } from './units.js';
import { word } from './words.js';

/** What is typed, by the name of the question. */
export function typed(form, plan) {
  const out = {};
  for (const { name, kind } of plan.questions) {
    if (kind === 'ladder' || kind === 'segments') out[name] = form.querySelector(`input[name="${name}"]:checked`)?.value ?? '';
    else out[name] = form.elements[name]?.value ?? '';
  }
  return out;
}

/** Put typed texts into the form. */
export function fill(form, plan, texts) {
  for (const { name, kind } of plan.questions) {
    if (texts[name] === undefined) continue;
    if (kind === 'ladder' || kind === 'segments') {
      for (const input of form.querySelectorAll(`input[name="${name}"]`)) input.checked = input.value === texts[name];
    } else if (form.elements[name]) form.elements[name].value = texts[name];
  }
  form.dispatchEvent(new Event('filled'));
}

/** The values of the store that differ from what the form opened with; all of them for a new row. */
export function changed(form, plan) {
  const out = plan.id ? {} : { ...plan.fixed };
  const now = typed(form, plan);
  for (const question of plan.questions) {
    const value = toStore(question, now[question.name]);
    const before = toStore(question, question.shown);
    if (plan.id ? value !== before : value !== null) out[question.name] = value;
  }
  return out;
}

const ORDER = [['window_start', 'window_end'], ['planned_start', 'planned_end'], ['actual_start', 'actual_end']];

function faultOf(question, text) {
  const { label: name, kind, low, high } = question;
  const empty = !String(text ?? '').trim();
  if (empty) return question.required ? word('fault_missing', { name }) : null;
  if (!['whole', 'real', 'exact', 'percent'].includes(kind)) return null;
  if (!isNumber(text)) return word('fault_number', { name });
  const allowed = { whole: 0, percent: 0, exact: question.decimals }[kind];
  if (allowed !== undefined && decimalsOf(text) > allowed) {
    return allowed ? word('fault_decimals', { name, decimals: allowed }) : word('fault_whole', { name });
  }
  const value = Number(plain(text));
  if (low !== '' && value < Number(low)) return word('fault_low', { name, low });
  if (high !== '' && value > Number(high)) return word('fault_high', { name, high });
  return null;
}

/** What is wrong, as [{column, text}], in the order of the questions. */
export function faults(form, plan) {
  const now = typed(form, plan);
  const out = [];
  for (const question of plan.questions) {
    const element = form.elements[question.name];
    const unreadable = question.kind === 'day' && element?.validity?.badInput;
    const text = unreadable ? word('fault_day', { name: question.label }) : faultOf(question, now[question.name]);
    if (text) out.push({ column: question.name, text });
  }
  for (const [first, last] of ORDER) {
    const known = plan.questions.filter(({ name }) => name === first || name === last);
    if (known.length === 2 && now[first] && now[last] && now[last] < now[first]) {
      out.push({ column: last, text: word('fault_order', { name: known.find(({ name }) => name === last).label, other: known.find(({ name }) => name === first).label }) });
    }
  }
  return out;
}

function boxOf(form, column) {
  return form.querySelector(`.q[data-name="${CSS.escape(column)}"]`);
}

function clear(box) {
  box.classList.remove('is-wrong');
  const line = box.querySelector('.q-fault');
  line.hidden = true;
  line.replaceChildren();
  for (const input of box.querySelectorAll('input, select, textarea')) input.removeAttribute('aria-invalid');
}

/** Say what is wrong beside each field and in a list on top, and go to the first. */
export function showFaults(form, list) {
  for (const box of form.querySelectorAll('.q.is-wrong')) clear(box);
  form.querySelector('.form-faults')?.remove();
  if (!list.length) return;
  const lost = [];
  for (const { column, text } of list) {
    const box = boxOf(form, column);
    if (!box) {
      lost.push(text);
      continue;
    }
    box.classList.add('is-wrong');
    const line = box.querySelector('.q-fault');
    line.replaceChildren(mark('warn'), document.createTextNode(text));
    line.hidden = false;
    box.closest('details')?.setAttribute('open', '');
    for (const input of box.querySelectorAll('input, select, textarea')) input.setAttribute('aria-invalid', 'true');
  }
  if (list.length > 1 || lost.length) {
    form.querySelector('.form-notes').prepend(
      make('div', { class: 'form-faults', role: 'alert' }, make('strong', { text: word('faults', { count: list.length }) }),
        make('ul', {}, ...list.map(({ column, text }) => make('li', {}, boxOf(form, column) ? make('a', { href: `#f-${column}`, text, on: { click: (event) => { event.preventDefault(); goTo(form, column); } } }) : make('span', { text }))))),
    );
  }
  const first = list.find(({ column }) => boxOf(form, column));
  if (first) goTo(form, first.column);
}

function goTo(form, column) {
  const box = boxOf(form, column);
  const input = box?.querySelector('input:checked, input:not([type="range"]), select, textarea');
  input?.focus({ preventScroll: true });
  box?.scrollIntoView({ block: 'center' });
}

/** Small manners of fields: the slider and its number go together, kinds follow their utility, faults go as one types. */
export function dress(form) {
  for (const box of form.querySelectorAll('.q-percent')) {
    const range = box.querySelector('[data-range]');
    const number = box.querySelector('input:not([data-range])');
    const follow = () => {
      range.toggleAttribute('data-unknown', number.value.trim() === '');
      if (/^\d+$/.test(plain(number.value))) range.value = plain(number.value);
      range.setAttribute('aria-valuetext', number.value.trim() === '' ? word('unknown') : word('progress', { percent: number.value }));
    };
    range.addEventListener('input', () => {
      number.value = range.value;
      follow();
    });
    number.addEventListener('input', follow);
    form.addEventListener('filled', follow);
    follow();
  }
  kindsFollow(form);
  form.addEventListener('input', (event) => {
    const box = event.target.closest('.q.is-wrong');
    if (box) clear(box);
  });
}

function kindsFollow(form) {
  const [utility, kind] = [form.elements.utility, form.elements.kind];
  if (!utility || !kind) return;
  const narrow = () => {
    for (const option of kind.options) {
      const foreign = Boolean(utility.value && option.dataset.group && option.dataset.group !== utility.value);
      option.hidden = foreign;
      option.disabled = foreign;
    }
    if (kind.selectedOptions[0]?.disabled) kind.value = '';
  };
  utility.addEventListener('change', narrow);
  kind.addEventListener('change', () => {
    const { group } = kind.selectedOptions[0]?.dataset ?? {};
    if (group && !utility.value) utility.value = group;
  });
  form.addEventListener('filled', narrow);
  narrow();
}
