/** The page after a change of the district: its parts and its map are fetched anew, nothing else moves. */
const FINEST = 0.02;

/** What the map asks for: all of an embedded layer, what is in view of one that is asked for anyway. */
function question(plate, names, remote) {
  const [west, south, east, north] = remote ? bounds(plate.map.getBounds().pad(0.15)) : grown(plate.payload.extent);
  const params = new URLSearchParams({
    bbox: [west, south, east, north].map((degree) => degree.toFixed(6)).join(','),
    scale: (remote ? plate.viewNow()?.mpp ?? 1 : FINEST).toFixed(4), layers: names.join(','), lang: plate.payload.lang ?? 'zh',
  });
  for (const name of ['as_of', ...(remote ? ['town', 'stage', 'late', 'work', 'owner', 'kind', 'state', 'month', 'q'] : [])]) {
    const value = name === 'as_of' ? new URL(location.href).searchParams.get('as_of') : plate.state[name];
    if (value) params.set(name, value);
  }
  return params;
}

function bounds(box) {
  return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
}

/** What was drawn outside of the first extent is wanted too. */
function grown([west, south, east, north]) {
  const [wide, tall] = [east - west, north - south];
  return [west - wide, south - tall, east + wide, north + tall];
}

const ALONG = { communities: ['communities', 'buildings'], buildings: ['communities', 'buildings'], works: ['communities'], digs: ['digs', 'lines'], lines: ['lines'], ground: ['ground'], nodes: ['nodes'] };

/** Bring the map's layers to what the store holds now. */
export async function refreshMap(layers) {
  const plate = window.tongchou?.plate;
  if (!plate) return;
  const names = [...new Set(layers.flatMap((layer) => ALONG[layer] ?? []))].filter((name) => name in (plate.payload.layers ?? {}));
  const isRemote = (name) => Boolean(plate.payload.layers[name]?.remote);
  for (const remote of [false, true]) {
    const some = names.filter((name) => isRemote(name) === remote);
    if (!some.length) continue;
    const answer = await fetch(`/api/view?${question(plate, some, remote)}`, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (!answer.ok) continue;
    const view = await answer.json();
    plate.payload.revision = view.revision;
    plate.receive(view.layers, view.thinned);
  }
  const foot = document.querySelector('.plate-footline');
  if (foot) foot.textContent = (await import('../plate/controls.js')).footText(plate);
}

const PARTS = ['.dossier-head', '#rows', '.history-page', '#app-config'];

/** How to find the button that began an edit again, once its part of the page is another. */
function selectorOf(element) {
  const button = element?.closest?.('[data-edit]');
  if (!button) return '';
  const names = ['edit', 'id', 'part', 'community'].filter((name) => button.dataset[name]);
  return names.map((name) => `[data-${name}="${CSS.escape(button.dataset[name])}"]`).join('');
}

/** Fetch this page and put its parts in place; what does not stand on it stays away. */
export async function refreshParts() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html', 'X-Part': '1' }, credentials: 'same-origin' });
  if (!answer.ok) return;
  const fetched = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const focused = selectorOf(document.activeElement);
  for (const part of PARTS) {
    const [old, fresh] = [document.querySelector(part), fetched.querySelector(part)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}
