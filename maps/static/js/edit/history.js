/** The history: revert a change after having seen what it will change. */
import { Refused, revert } from './ask.js';
import { toast } from '../app/toast.js';
import { confirmed } from './confirming.js';
import { announce, saidFailed, saidSaved } from './editing.js';
import { takeWords, word } from './words.js';

function textsOf(entry) {
  return [...entry.querySelectorAll('[data-back]')].map((line) => line.dataset.back);
}

async function back(button) {
  const entry = button.closest('[data-revision]');
  const { revision } = entry.dataset;
  const row = button.dataset.layer ? { layer: button.dataset.layer, row: button.dataset.row } : {};
  const sure = await confirmed({ title: word('revert_title'), text: word('revert_text'), lines: textsOf(button.closest('.entry-row') ?? entry), go: word('revert_go') });
  if (!sure) return;
  button.disabled = true;
  try {
    const done = await revert(revision, row);
    const layers = (entry.dataset.layers ?? '').split(' ').filter(Boolean);
    announce(layers, done.revision);
    saidSaved(word('reverted'), done.revision, layers);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 412 || error.status === 409) toast(word('undo_stale'), { stays: true });
    else saidFailed(error);
  } finally {
    button.disabled = false;
  }
}

/** Make the buttons of a history work. */
export function addHistory(box) {
  if (!box || box.dataset.ready) return;
  box.dataset.ready = '1';
  takeWords(JSON.parse(box.querySelector('[data-words]')?.textContent ?? 'null'));
  box.addEventListener('click', (event) => {
    const button = event.target.closest('[data-revert]');
    if (button) back(button);
  });
}
