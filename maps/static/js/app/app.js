/** The application: links become fragments, the map keeps its place, the address keeps the state. */
import { refreshMap, refreshParts } from './changes.js';
import { addSearch } from './search.js';
import { addSheet } from './sheet.js';
import { toast } from './toast.js';

const PARTS = ['top', 'past', 'panel', 'drawer'];
const config = () => JSON.parse(document.getElementById('app-config')?.textContent ?? '{}');
let asked = 0;
let following = Promise.resolve();

function plate() {
  return window.tongchou?.plate ?? null;
}

function keyOf(element) {
  return element?.closest?.('[data-key]')?.dataset.key ?? null;
}

/** Put the parts of a fetched page in the place of the ones that stand. */
function place(fetched) {
  const focused = keyOf(document.activeElement);
  const stop = document.getElementById('panel')?.dataset.stop;
  const scrolled = document.querySelector('.panel-body')?.scrollTop ?? 0;
  const chosen = document.querySelector('.chosen')?.getAttribute('aria-label');
  for (const id of [...PARTS, 'app-config']) {
    const fresh = fetched.getElementById(id);
    if (fresh) document.getElementById(id)?.replaceWith(fresh);
  }
  document.title = fetched.title || document.title;
  document.body.className = document.body.className
    .replace(/\btheme-\w+/, `theme-${config().state.theme ?? 'progress'}`)
    .replace(/ ?\bwith-table\b/, '');
  document.body.classList.toggle('with-table', !document.getElementById('drawer').hidden);
  const panel = document.getElementById('panel');
  if (stop) panel.dataset.stop = stop;
  const now = document.querySelector('.chosen')?.getAttribute('aria-label');
  document.querySelector('.panel-body').scrollTop = now && now !== chosen ? 0 : scrolled;
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  dress();
}

/** Ask for what the address shows; `apply` also tells the map. */
async function look(address, { apply = true, moved = false } = {}) {
  const mine = ++asked;
  document.body.classList.add('is-busy');
  try {
    const answer = await fetch(address, { headers: { 'X-Part': '1', Accept: 'text/html' }, credentials: 'same-origin' });
    if (!answer.ok) throw new Error(String(answer.status));
    const fetched = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (mine !== asked) return;
    place(fetched);
    if (apply) show(moved);
  } catch (error) {
    if (mine === asked) toast(config().words['app.js.failed'], { stays: true });
  } finally {
    if (mine === asked) document.body.classList.remove('is-busy');
  }
}

/** Bring the map to the state of the page; another town is brought into the window. */
function show(moved) {
  const map = plate();
  if (!map) return;
  const { state, extents } = config();
  const view = moved ? undefined : map.state.view;
  map.apply({ theme: 'progress', ...state, view: state.view ?? view });
  window.tongchou.map.invalidateSize({ animate: false });
  const extent = extents?.[state.town ?? ''];
  if (extent) map.payload.extent = extent;
  if (moved && extent) {
    const [west, south, east, north] = extent;
    window.tongchou.map.fitBounds([[south, west], [north, east]], { padding: [16, 16], animate: false });
  }
}

/** The day that an address shows; the map of another day comes with its page. */
function dayOf(address) {
  return new URL(address, location.href).searchParams.get('as_of') ?? '';
}

function townOf(address) {
  return new URL(address, location.href).searchParams.get('town') ?? '';
}

function go(address) {
  if (dayOf(address) !== dayOf(location.href)) {
    location.assign(address);
    return;
  }
  const moved = townOf(address) !== townOf(location.href);
  const kept = new URL(address, location.href);
  const view = plate()?.state.view;
  if (view && !moved) kept.searchParams.set('view', view);
  history.pushState({ look: true }, '', kept.href.replace(/%2C/g, ','));
  look(kept.href, { moved });
}

function isPlain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

function onClick(event) {
  const editor = event.target.closest?.('[data-edit]');
  if (editor) {
    event.preventDefault();
    begin(editor);
    return;
  }
  const menu = document.querySelector('details.menu[open]');
  if (menu && !menu.contains(event.target)) menu.open = false;
  const link = event.target.closest?.('a[data-look]');
  if (link && isPlain(event) && plate()) {
    event.preventDefault();
    if (menu) menu.open = false;
    go(link.href);
    return;
  }
  const row = event.target.closest?.('[data-select], .drawer .sheet tbody tr[data-id]');
  if (row && plate() && !event.target.closest('a, button')) {
    const layer = row.dataset.select ?? row.closest('table').dataset.layer;
    plate().select(layer, row.dataset.id);
    plate().fit(layer, row.dataset.id);
    mark(layer, row.dataset.id);
  }
}

function mark(layer, id) {
  const table = document.querySelector(`.drawer table[data-layer="${CSS.escape(layer)}"]`);
  for (const row of table?.querySelectorAll('tbody tr[data-id]') ?? []) {
    const current = row.dataset.id === id;
    row.classList.toggle('current', current);
    if (current) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

/** Something was chosen on the map: the panel follows. */
function onSelect(event) {
  const { layer, id } = event.detail;
  mark(layer, id);
  offerEdit({ layer, id });
  if (layer !== 'communities') return;
  const address = new URL(location.href);
  if (id) address.searchParams.set('community', id);
  else address.searchParams.delete('community');
  look(address.href, { apply: false }).then(() => {
    const panel = document.getElementById('panel');
    if (id && panel.dataset.stop === 'peek') panel.dataset.stop = 'half';
  });
}

const FILTERS = ['town', 'theme', 'stage', 'late', 'work', 'owner', 'kind', 'state', 'month', 'q'];

/** The map changed its filter by its own tools: the panel follows. */
function onState(event) {
  const own = { theme: 'progress', ...config().state };
  const theirs = { theme: 'progress', ...event.detail };
  if (FILTERS.every((name) => (own[name] ?? '') === (theirs[name] ?? ''))) return keepView(event.detail.view);
  const address = new URL(location.href);
  for (const name of FILTERS) {
    if (theirs[name]) address.searchParams.set(name, theirs[name]);
    else address.searchParams.delete(name);
  }
  return look(address.href, { apply: false });
}

/** Links that leave the application carry the view in them only when the address does. */
function keepView(view) {
  const link = document.querySelector('a[data-lang]');
  if (!link || !view) return;
  const address = new URL(link.href);
  address.searchParams.set('view', view);
  link.href = address.href.replace(/%2C/g, ',');
}

/** Editing is fetched when it begins. */
function begin(button) {
  import('../edit/index.js').then(({ edit }) => edit(button.dataset));
}

/** The parts of a page that come alive when they are there. */
function wake() {
  const [files, told] = [document.querySelector('#rows [data-files]'), document.querySelector('[data-history]')];
  if (files) import('../edit/files.js').then(({ addFiles }) => addFiles(files));
  if (told) import('../edit/history.js').then(({ addHistory }) => addHistory(told));
}

/** The district was changed by this page: what it shows follows. */
function onChanged({ detail }) {
  following = following.then(() => Promise.all([follow(), refreshMap(detail.layers)])).catch(() => toast(config().words['app.js.failed'], { stays: true }));
}

async function follow() {
  if (document.getElementById('plate-box')) await look(location.href, { apply: false });
  else {
    await refreshParts();
    wake();
  }
}

/** On the map's own card: what may be edited of the row that is told of. */
async function offerEdit({ layer, id }) {
  const { edits, words } = config();
  const card = document.querySelector('.plate-card');
  if (!id || !edits?.includes(layer) || !card || card.hidden) return;
  const answer = await fetch(`/api/rows/${layer}/${encodeURIComponent(id)}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) return;
  const { may } = await answer.json();
  if (!may?.includes('update') || !plate()?.isSelected(layer, id) || card.querySelector('[data-edit]')) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'plate-card-edit';
  Object.assign(button.dataset, layer === 'communities' ? { edit: layer, id, part: 'stage' } : { edit: layer, id });
  button.textContent = words[layer === 'communities' ? 'edit.js.edit_stage' : 'edit.js.edit'];
  // The card keeps its clicks from the map below, and so from the document.
  button.addEventListener('click', () => begin(button));
  const foot = card.querySelector('.plate-card-foot') ?? card.appendChild(Object.assign(document.createElement('div'), { className: 'plate-card-foot' }));
  foot.append(button);
}

function dress() {
  wake();
  addSheet(document.getElementById('panel'));
  addSearch(document.querySelector('.search'), { words: config().words, lang: config().lang, go });
}

document.addEventListener('click', onClick);
document.addEventListener('keydown', (event) => {
  const menu = document.querySelector('details.menu[open]');
  if (event.key === 'Escape' && menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
/** On the phone the panel tells of a community; a second card over the map would hide it. */
function leaveToPanel(popup) {
  const open = popup.open.bind(popup);
  popup.open = (feature, focus) => {
    if (feature.layer.name === 'communities') popup.element.hidden = true;
    else open(feature, focus);
  };
  popup.element.hidden = true;
}

/** A page of one community: its own map, in the middle of it. */
function open() {
  const map = plate();
  const { community, state } = config();
  if (!map) return;
  if (matchMedia('(max-width: 760px)').matches) leaveToPanel(map.popup);
  if (community) {
    map.apply({ theme: 'lines', lang: map.state.lang, community });
    const found = map.lookUp('communities', community);
    if (found) window.tongchou.map.fitBounds(map.boundsOf(found.layer, found.i), { padding: [36, 36], animate: false });
  } else if (state.town && !state.view) show(true);
  const box = document.querySelector('.plate-box, .dossier-map');
  new ResizeObserver(() => window.tongchou.map.invalidateSize({ animate: false })).observe(box);
}

if (document.getElementById('plate-box')) {
  document.addEventListener('tongchou:select', onSelect);
  document.addEventListener('tongchou:state', onState);
  addEventListener('popstate', () => look(location.href, { moved: townOf(location.href) !== (config().state.town ?? '') }));
}
document.addEventListener('tongchou:changed', onChanged);
if (!document.getElementById('plate-box')) document.addEventListener('tongchou:select', ({ detail }) => offerEdit(detail));
dress();
open();
