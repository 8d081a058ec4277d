/** Sentences of editing, in the reader's language. */
let table = {};

export function takeWords(words) {
  if (words) table = words;
}

/** The sentence of a key below `edit.js`, filled in. */
export function word(key, values = {}) {
  const text = table[`edit.js.${key}`];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** `2026-07-15 14:02`, or `14:02` for today, in the reader's own time. */
export function moment(value) {
  const then = new Date(value);
  if (Number.isNaN(then.getTime())) return String(value ?? '');
  const two = (number) => String(number).padStart(2, '0');
  const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  const time = `${two(then.getHours())}:${two(then.getMinutes())}`;
  return then.toDateString() === new Date().toDateString() ? time : `${day} ${time}`;
}
