/** Search by name over communities, owners and numbers of digs; what is not embedded is asked for. */
import { make } from './dom.js';
import { icon } from './icons.js';
import { corner } from './corners.js';

const MOST = 8;
const WAIT_MS = 180;

/** Entries whose name holds the text; a name that begins with it comes first. */
function local(plate, text) {
  const out = [];
  const wanted = text.toLowerCase();
  const add = (kind, name, side, choose) => {
    const at = String(name ?? '').toLowerCase().indexOf(wanted);
    if (at >= 0) out.push({ kind, name, side, at, choose });
  };
  for (const layer of plate.layersOf('communities')) {
    for (let i = 0; i < layer.count; i++) {
      add('communities', layer.get('name', i), layer.get('town_name', i), () => goTo(plate, 'communities', layer.ids[i]));
    }
  }
  for (const layer of plate.layersOf('digs')) {
    for (let i = 0; i < layer.count; i++) {
      add('digs', layer.get('number', i), layer.get('owner_name', i), () => goTo(plate, 'digs', layer.ids[i]));
    }
  }
  for (const [id, name] of owners(plate)) {
    add('owner', name, plate.word('field.owner'), () => plate.change({ theme: 'lines', owner: id }));
  }
  return out.sort((a, b) => a.at - b.at).slice(0, MOST);
}

function owners(plate) {
  const found = new Map();
  for (const layer of plate.layersOf('lines')) {
    for (let i = 0; i < layer.count; i++) if (layer.get('owner', i)) found.set(layer.get('owner', i), layer.get('owner_name', i));
  }
  return found;
}

function goTo(plate, name, id) {
  plate.fit(name, id);
  plate.select(name, id);
}

/** What the service found: layer, id, name, note and page of each. */
async function remote(plate, text, signal) {
  const address = plate.payload.links?.search;
  if (!address) return [];
  const answer = await fetch(`${address}?${new URLSearchParams({ q: text, lang: plate.payload.lang, ...plate.payload.asks })}`, { signal, headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const { found = [] } = await answer.json();
  return found.map((one) => ({ kind: one.layer, name: one.name, side: one.note, choose: () => chooseRemote(plate, one) }));
}

/** Go to what is on the map; to the page of what is not. */
function chooseRemote(plate, found) {
  if (found.layer === 'owners') return plate.change({ theme: 'lines', owner: found.id });
  if (plate.lookUp(found.layer, found.id)) return goTo(plate, found.layer, found.id);
  const address = new URL(found.url, location.href);
  if (address.origin === location.origin) location.assign(address);
  return undefined;
}

/** Add the search field with its list. */
export function addSearch(map, plate) {
  const place = corner(map, 'top-left');
  const listId = 'plate-search-list';
  const input = make('input', {
    type: 'search', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder: plate.word('map.search_hint'),
    'aria-label': plate.word('map.search'), 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': listId,
  });
  const list = make('ul', { class: 'plate-search-list', id: listId, role: 'listbox', 'aria-label': plate.word('map.search'), hidden: true });
  const element = make('div', { class: 'plate-search', role: 'search' }, icon('search'), input, list);
  let found = [];
  let at = -1;
  let asking = null;
  let timer = 0;

  function close() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    at = -1;
  }

  function choose(k) {
    const entry = found[k];
    close();
    if (!entry) return;
    input.value = entry.name;
    entry.choose();
  }

  function point(k) {
    at = k;
    [...list.children].forEach((item, n) => item.setAttribute('aria-selected', String(n === k)));
    if (k >= 0) input.setAttribute('aria-activedescendant', `${listId}-${k}`);
    list.children[k]?.scrollIntoView({ block: 'nearest' });
  }

  function show(entries) {
    found = entries;
    const items = found.map((entry, k) =>
      make('li', { role: 'option', id: `${listId}-${k}`, 'aria-selected': 'false', on: { mousedown: (event) => { event.preventDefault(); choose(k); } } }, make('span', { text: entry.name }), make('small', { text: entry.side ?? '' })),
    );
    list.replaceChildren(...items);
    if (!items.length) list.append(make('li', { class: 'is-none', role: 'option', 'aria-disabled': 'true', text: plate.word('map.search_none') }));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    point(items.length ? 0 : -1);
  }

  async function look() {
    const text = input.value.trim();
    asking?.abort();
    if (!text) return close();
    const near = local(plate, text);
    show(near);
    if (!plate.payload.links?.search) return undefined;
    asking = new AbortController();
    try {
      const far = await remote(plate, text, asking.signal);
      const known = new Set(near.map(({ name }) => name));
      show([...near, ...far.filter(({ name }) => !known.has(name))].slice(0, MOST));
    } catch (error) {
      if (error.name !== 'AbortError') plate.say(plate.word('map.load_failed'));
    }
    return undefined;
  }

  /** Enter before the list has come: the first that is known here. */
  function chooseFirst() {
    clearTimeout(timer);
    look();
    if (!found.length) return;
    asking?.abort();
    choose(0);
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' && list.hidden) look();
    else if (event.key === 'ArrowDown') point(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') point(Math.max(at - 1, 0));
    else if (event.key === 'Enter' && !list.hidden) choose(at);
    else if (event.key === 'Enter' && input.value.trim()) chooseFirst();
    else if (event.key === 'Escape' && !list.hidden) close();
    else return;
    event.preventDefault();
  });
  place.append(element);
  return element;
}
