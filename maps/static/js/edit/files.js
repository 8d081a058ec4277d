/** Photos and files of a community or a dig: drop or choose, watch them go up, caption, remove. */
import { make } from '../plate/dom.js';
import { toast } from '../app/toast.js';
import { freshKey, inLanguage, readPart, sessionMark } from './ask.js';
import { announce, saidSaved } from './editing.js';
import { takeWords, word } from './words.js';

/** One upload, with its progress: XMLHttpRequest is the one that tells of it. */
function send(address, file, onProgress) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('POST', inLanguage(address));
    request.responseType = 'json';
    request.setRequestHeader('X-CSRF-Token', sessionMark());
    request.setRequestHeader('Idempotency-Key', freshKey());
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Accept', 'application/json');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener('load', () => (request.status < 300 ? done(request.response) : fail(new Error(request.response?.title ?? String(request.status)))));
    request.addEventListener('error', () => fail(new Error(word('offline'))));
    request.send(file);
  });
}

function row(name) {
  const bar = make('progress', { max: 1, value: 0, 'aria-label': word('upload_now', { name }) });
  return { bar, element: make('li', { class: 'upload' }, make('span', { text: word('upload_now', { name }) }), bar) };
}

async function upload(box, files) {
  const about = box.dataset.dig ? { dig: box.dataset.dig } : { community: box.dataset.community };
  const shelf = box.querySelector('.uploads');
  let last = null;
  let count = 0;
  for (const file of files) {
    const line = row(file.name);
    shelf.append(line.element);
    const query = new URLSearchParams({ ...about, name: file.name });
    try {
      const made = await send(`/api/files?${query}`, file, (share) => {
        line.bar.value = share;
      });
      last = made;
      count += 1;
      line.element.remove();
    } catch (error) {
      line.element.replaceChildren(make('span', { class: 'upload-failed', text: word('upload_failed', { name: file.name, problem: error.message }) }));
    }
  }
  if (!last) return;
  if (box.closest('form')) await again(box);
  announce(['files'], last.changed?.revision);
  if (count === 1) saidSaved(word('upload_done', { count }), last.changed?.revision, ['files'], { layer: 'files', row: last.id });
  else toast(word('upload_done', { count }));
}

/** The files in a form are not part of the page that is fetched anew. */
async function again(box) {
  const part = await readPart(`/edit/digs/${encodeURIComponent(box.dataset.dig)}`);
  const fresh = document.importNode(part.querySelector('[data-files]'), true);
  box.replaceWith(fresh);
  addFiles(fresh);
}

/** Make the place of the files take what is dropped or chosen. */
export function addFiles(box) {
  if (!box || box.dataset.ready) return;
  box.dataset.ready = '1';
  takeWords(JSON.parse(box.querySelector('[data-words]')?.textContent ?? 'null'));
  const input = box.querySelector('input[type="file"]');
  if (!input) return;
  input.addEventListener('change', () => {
    upload(box, [...input.files]);
    input.value = '';
  });
  const over = (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes('Files')) return;
    event.preventDefault();
    box.classList.add('is-over');
  };
  box.addEventListener('dragenter', over);
  box.addEventListener('dragover', over);
  box.addEventListener('dragleave', (event) => {
    if (!box.contains(event.relatedTarget)) box.classList.remove('is-over');
  });
  box.addEventListener('drop', (event) => {
    event.preventDefault();
    box.classList.remove('is-over');
    upload(box, [...(event.dataTransfer?.files ?? [])]);
  });
}
