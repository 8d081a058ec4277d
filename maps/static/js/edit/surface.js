/** Where a form stands: a panel at the right of the page, a sheet from below on a narrow one; and what may leave it. */
import { confirmed } from './confirming.js';
import { mark } from './marks.js';
import { make } from '../plate/dom.js';
import { word } from './words.js';

const NARROW = '(max-width: 760px)';
let standing = null;

/** The form that stands, or null: `{element, isDirty(), end()}`. */
export function open() {
  return standing;
}

function shell(content, drawing) {
  const down = make('button', { type: 'button', class: 'edit-fold', 'aria-label': word('sheet_down') }, mark('down'));
  const element = make('aside', { class: `edit${drawing ? ' is-drawing' : ''}`, id: 'edit', 'aria-label': word('form') }, down, content);
  down.addEventListener('click', () => {
    const folded = element.classList.toggle('is-folded');
    down.replaceChildren(mark(folded ? 'up' : 'down'));
    down.setAttribute('aria-label', word(folded ? 'sheet_up' : 'sheet_down'));
  });
  return element;
}

/** Let `content` stand; `isDirty` and `onEnd` are its own. Resolves to null where the one before was kept. */
export async function stand(content, { drawing = false, isDirty = () => false, onEnd = () => {} } = {}) {
  if (!(await leave())) return null;
  const back = document.activeElement;
  const element = shell(content, drawing);
  document.body.append(element);
  document.body.classList.add('has-edit');
  document.body.classList.toggle('is-drawing', drawing);
  standing = {
    element,
    isDirty,
    end() {
      standing = null;
      element.remove();
      document.body.classList.remove('has-edit', 'is-drawing');
      onEnd();
      const again = back?.isConnected ? back : document.getElementById('panel');
      again?.focus({ preventScroll: true });
    },
  };
  if (matchMedia(NARROW).matches && drawing) document.querySelector('.plate-box, .dossier-map')?.scrollIntoView({ block: 'start' });
  element.querySelector('h2[tabindex]')?.focus({ preventScroll: true });
  return standing;
}

/** Whether what stands may go; asks when something is unsaved. */
export async function leave() {
  if (!standing) return true;
  if (standing.isDirty()) {
    const gone = await confirmed({ title: word('unsaved'), text: word('leave'), go: word('leave_go'), stay: word('leave_stay'), lossy: true });
    if (!gone) return false;
    standing?.drop?.();
  }
  standing?.end();
  return true;
}

function leads(link) {
  if (!link?.href || link.target === '_blank' || link.hasAttribute('download') || link.hasAttribute('data-look')) return false;
  const away = new URL(link.href, location.href);
  return away.origin === location.origin && (away.pathname !== location.pathname || away.search !== location.search);
}

let passing = false;

/** Links of the page and the window's own leaving ask first while something is unsaved. */
export function guard() {
  addEventListener('beforeunload', (event) => {
    if (!passing && standing?.isDirty()) {
      event.preventDefault();
      event.returnValue = '';
    }
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!standing?.isDirty() || !leads(link) || event.metaKey || event.ctrlKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    leave().then((gone) => {
      passing = gone;
      if (gone) location.assign(link.href);
    });
  }, true);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !standing || document.querySelector('dialog[open]')) return;
    if (!standing.element.contains(event.target)) return;
    event.preventDefault();
    leave();
  });
}
