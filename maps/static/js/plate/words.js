/** Sentences of the payload's table, numbers and dates, in the reader's language. */

/** A function from a key and its values to the sentence; an unknown key shows itself. */
export function wording(table) {
  return (key, values = {}) => {
    const text = table[key];
    if (text === undefined) return key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

export function grouped(value, digits = 0) {
  return Number(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `2026-07-20` to `07-20`. */
export function monthDay(date) {
  return date ? String(date).slice(5, 10) : '';
}

/** A window of dates, as `07-20 — 08-08`; empty when neither day is known. */
export function span(from, to) {
  if (!from && !to) return '';
  return `${monthDay(from) || '…'} — ${monthDay(to) || '…'}`;
}
