/** Layers that are not embedded: asked for what is in view whenever the map comes to rest. */
import { make } from './dom.js';

const WAIT_MS = 140;
const MARGIN = 0.15;

function query(plate, names, filters) {
  const bounds = plate.map.getBounds().pad(MARGIN);
  const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const params = new URLSearchParams({
    bbox: box.map((degree) => degree.toFixed(6)).join(','),
    scale: (plate.viewNow()?.mpp ?? 1).toFixed(4),
    layers: names.join(','),
    lang: plate.payload.lang ?? 'zh',
    ...plate.payload.asks,
  });
  for (const field of filters) if (plate.state[field]) params.set(field, plate.state[field]);
  return params;
}

/** The notice over the map: a bar while asking, a sentence and a button when the answer did not come. */
function makeNotice(plate, retry) {
  const busy = make('div', { class: 'plate-busy', hidden: true, role: 'progressbar', 'aria-label': plate.word('map.loading') });
  const button = make('button', { type: 'button', text: plate.word('map.retry'), on: { click: retry } });
  const failed = make('div', { class: 'plate-notice', role: 'alert', hidden: true }, make('span', { text: plate.word('map.load_failed') }), button);
  const thinned = make('div', { class: 'plate-notice is-quiet', hidden: true, text: plate.word('map.thinned') });
  plate.map.getContainer().append(busy, failed, thinned);
  return { busy, failed, thinned };
}

/** Ask `payload.remote` after each move and each change of the filter; the newest question wins. */
export function addRemote(plate, filters) {
  const { remote, layers } = plate.payload;
  const names = Object.entries(layers ?? {}).filter(([, raw]) => raw.remote).map(([name]) => name);
  if (!remote || !names.length) return;
  let asking = null;
  let timer = 0;
  let asked = '';
  const notice = makeNotice(plate, () => ask(true));

  async function ask(again) {
    const params = query(plate, names, filters);
    if (again !== true && params.toString() === asked) return;
    asked = params.toString();
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    notice.busy.hidden = false;
    try {
      const answer = await fetch(`${remote}?${params}`, { signal: mine.signal, headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const view = await answer.json();
      if (asking !== mine) return;
      notice.failed.hidden = true;
      notice.thinned.hidden = !Object.values(view.thinned ?? {}).some(Boolean);
      plate.receive(view.layers, view.thinned);
      plate.emit('received', { revision: view.revision });
    } catch (error) {
      if (error.name === 'AbortError') return;
      asked = '';
      notice.failed.hidden = false;
    } finally {
      if (asking === mine) notice.busy.hidden = true;
    }
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  };
  plate.map.on('moveend', soon);
  plate.map.getContainer().addEventListener('tongchou:state', soon);
  setTimeout(ask);
}
