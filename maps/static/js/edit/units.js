/** Figures as people type them and as the store keeps them: exact decimals, never by floating point. */

const WIDE = /[\uFF01-\uFF5E]/g;

/** What was typed, plain: full-width signs made narrow, spaces and thousands' marks taken out. */
export function plain(text) {
  return String(text ?? '')
    .replace(WIDE, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[\s,\u3000]/g, '')
    .replace('\u3002', '.');
}

/** `{sign, whole, part}` of a decimal, or null. */
function split(text) {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(plain(text));
  if (!found || (!found[2] && !found[3])) return null;
  return { sign: found[1] === '-' ? '-' : '', whole: found[2] || '0', part: (found[3] ?? '').replace(/0+$/, '') };
}

export function isNumber(text) {
  return split(text) !== null;
}

/** How many decimals it has, without zeros at the end. */
export function decimalsOf(text) {
  return split(text)?.part.length ?? 0;
}

/** A decimal shifted by `decimals` places to a whole number, digit by digit: `21006.5`, 2 is 2100650. */
export function toWhole(text, decimals) {
  const { sign, whole, part } = split(text);
  return Number(`${sign}${whole}${part.padEnd(decimals, '0')}`);
}

/** The opposite: 2100650, 2 is `21006.5`. */
export function fromWhole(value, decimals) {
  const sign = value < 0 ? '-' : '';
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const part = decimals ? digits.slice(-decimals).replace(/0+$/, '') : '';
  return `${sign}${whole}${part ? `.${part}` : ''}`;
}

/** With thousands' marks, for reading. */
export function grouped(text) {
  const [whole, part] = String(text).split('.');
  const marked = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return part ? `${marked}.${part}` : marked;
}

/** What a question holds, as the store keeps it; empty is null, never zero. */
export function toStore(question, text) {
  const typed = question.kind === 'text' || question.kind === 'long' ? String(text ?? '').trim() : plain(text);
  if (question.kind === 'choice' || question.kind === 'ladder' || question.kind === 'segments') return text || null;
  if (typed === '') return null;
  if (question.kind === 'flag') return typed === 'true';
  if (question.kind === 'exact') return toWhole(typed, question.decimals);
  if (question.kind === 'whole' || question.kind === 'percent') return toWhole(typed, 0);
  return question.kind === 'real' ? Number(typed) : typed;
}

/** A value of the store as people type it. */
export function toTyped(question, value) {
  if (value === null || value === undefined) return '';
  if (question.kind === 'exact') return fromWhole(value, question.decimals);
  return String(value);
}

/** A value of the store in words, with its unit. */
export function toWords(question, value, word) {
  if (value === null || value === undefined || value === '') return word('empty');
  const typed = toTyped(question, value);
  if (question.choices?.[typed] !== undefined) return question.choices[typed];
  const number = ['exact', 'whole', 'real', 'percent'].includes(question.kind);
  const shown = number && question.unit && !/^\d{4}$/.test(typed) ? grouped(typed) : typed;
  return question.unit && number ? `${shown} ${question.unit}` : shown;
}
