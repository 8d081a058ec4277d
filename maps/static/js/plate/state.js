/** What is filtered: the state in the URL, and which features of a layer pass it. */

export const FIELDS = [
  'town', 'theme', 'lang', 'stage', 'late', 'work', 'owner', 'kind', 'state', 'month', 'q', 'community', 'view',
];
export const FILTERS = ['town', 'stage', 'late', 'work', 'owner', 'kind', 'state', 'month', 'q'];
export const THEMES = ['progress', 'works', 'lines', 'coordination', 'funding'];

/** Only the known fields that hold something, as text. */
export function tidy(state) {
  const out = {};
  for (const field of FIELDS) {
    const value = state?.[field];
    if (value !== undefined && value !== null && value !== '' && value !== false) out[field] = String(value);
  }
  return out;
}

/** The state that an address holds, in its query or, in a file, behind the hash. */
export function readState(address) {
  const url = new URL(address);
  const fields = new URLSearchParams(url.search);
  if (url.protocol === 'file:') {
    new URLSearchParams(url.hash.slice(1)).forEach((value, key) => fields.set(key, value));
  }
  return tidy(Object.fromEntries(fields));
}

const WRITTEN = FIELDS.filter((field) => field !== 'lang');

/** The same address holding that state, without what is so by itself; language and foreign fields stay. */
export function writeState(address, state, plain = {}) {
  const url = new URL(address);
  const file = url.protocol === 'file:';
  const fields = new URLSearchParams(file ? url.hash.slice(1) : url.search);
  const told = tidy(state);
  for (const field of WRITTEN) {
    if (told[field] === undefined || told[field] === plain[field]) fields.delete(field);
    else fields.set(field, told[field]);
  }
  if (file) url.hash = fields.toString();
  else url.search = fields.toString();
  return url.href.replace(/%2C/g, ',');
}

function everything(layer) {
  return new Uint8Array(layer.count).fill(1);
}

function test(layer, passes) {
  const out = new Uint8Array(layer.count);
  for (let i = 0; i < layer.count; i++) out[i] = passes(i) ? 1 : 0;
  return out;
}

/** Catalogue codes of a community and how far each is: `"roof:40 water:100"` to a Map. */
export function worksOf(layer, i) {
  layer.works ??= new Array(layer.count);
  if (!layer.works[i]) {
    const text = layer.get('works', i) ?? '';
    const pairs = Array.isArray(text) ? text : text.split(' ').filter(Boolean).map((pair) => pair.split(':'));
    layer.works[i] = new Map(pairs.map(([code, percent]) => [code, Number(percent)]));
  }
  return layer.works[i];
}

/** Whether that item of the catalogue is overdue at the community. */
export function isLateWork(layer, i, code) {
  const late = layer.get('late_works', i);
  return Boolean(late) && (Array.isArray(late) ? late : late.split(' ')).includes(code);
}

function matchCommunities(layer, state) {
  const stages = state.stage ? new Set(state.stage.split(',')) : null;
  const q = state.q?.toLowerCase();
  if (!state.town && !stages && !state.late && !state.work && !q) return everything(layer);
  return test(
    layer,
    (i) =>
      (!state.town || layer.get('town', i) === state.town) &&
      (!stages || stages.has(layer.get('stage', i))) &&
      (!state.late || layer.get('late_days', i) > 0) &&
      (!state.work || worksOf(layer, i).has(state.work)) &&
      (!q || String(layer.get('name', i) ?? '').toLowerCase().includes(q)),
  );
}

function matchBuildings(layer, state, communities, matched) {
  const stages = state.stage ? new Set(state.stage.split(',')) : null;
  if (!state.town && !stages && !state.late && !state.work && !state.q) return everything(layer);
  return test(layer, (i) => {
    const c = communities ? communities.find(layer.get('community', i)) : -1;
    if (c >= 0) return matched[c];
    return (!state.town || layer.get('town', i) === state.town) && (!stages || stages.has(layer.get('stage', i)));
  });
}

/** Whether the window of a line or dig covers the month. */
function inMonth(layer, i, month) {
  const from = layer.get('month_from', i);
  const to = layer.get('month_to', i);
  return Boolean(from && to) && from <= month && month <= to;
}

function matchLines(layer, state) {
  if (!state.town && !state.owner && !state.kind && !state.state && !state.month) return everything(layer);
  return test(layer, (i) => {
    const planned = layer.get('state', i) === 'planned';
    return (
      (!state.town || layer.get('town', i) === state.town) &&
      (!state.owner || layer.get('owner', i) === state.owner) &&
      (!state.kind || layer.get('style', i) === state.kind) &&
      (!state.state || (state.state === 'planned') === planned) &&
      (!state.month || (planned && inMonth(layer, i, state.month)))
    );
  });
}

function matchDigs(layer, state) {
  if (!state.town && !state.owner && !state.kind && !state.state && !state.month) return everything(layer);
  return test(
    layer,
    (i) =>
      state.state !== 'existing' &&
      (!state.town || layer.get('town', i) === state.town) &&
      (!state.owner || layer.get('owner', i) === state.owner) &&
      (!state.kind || layer.get('style', i) === state.kind) &&
      (!state.month || inMonth(layer, i, state.month)),
  );
}

function matchNodes(layer, state) {
  if (!state.town && !state.kind) return everything(layer);
  return test(
    layer,
    (i) =>
      (!state.town || layer.get('town', i) === state.town) &&
      (!state.kind || layer.get('style', i) === state.kind || layer.get('code', i) === state.kind),
  );
}

/** Set `match` of every layer: 1 where the feature passes the state. Thinned answers were filtered before. */
export function matchAll(layers, state) {
  const [communities] = layers.communities ?? [];
  for (const [name, list] of Object.entries(layers)) {
    for (const layer of list) {
      if (layer.thinned) layer.match = everything(layer);
      else if (name === 'communities') layer.match = matchCommunities(layer, state);
      else if (name === 'lines') layer.match = matchLines(layer, state);
      else if (name === 'digs') layer.match = matchDigs(layer, state);
      else if (name === 'nodes') layer.match = matchNodes(layer, state);
      else if (name !== 'buildings') layer.match = everything(layer);
    }
  }
  const known = communities && !communities.thinned ? communities : null;
  for (const layer of layers.buildings ?? []) {
    layer.match = layer.thinned ? everything(layer) : matchBuildings(layer, state, known, known?.match);
  }
}
