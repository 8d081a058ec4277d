/** The plate: the drawn map of a district, its filter state, selection and events. */
/* global L */
import { decode, fromWorld, toWorld } from './decode.js';
import { PlateLayer } from './canvas.js';
import { make } from './dom.js';
import { drawPlate } from './draw.js';
import { drawMarks } from './marks.js';
import { addKeyboard } from './keyboard.js';
import { moneyText } from './labels.js';
import { makePopup } from './popup.js';
import { listen, prepare } from './pointer.js';
import { addPrinting } from './print.js';
import { addRemote } from './remote.js';
import { FILTERS, matchAll, readState, tidy, writeState } from './state.js';
import { makeStyles } from './styles.js';
import { contains } from './paths.js';
import { makeTooltip } from './tooltip.js';
import { wording } from './words.js';
import { sentenceOf } from './facts.js';

const VISIBLE = [
  'communities', 'buildings', 'names', 'lines', 'nodes', 'digs', 'streets', 'green', 'details', 'boundaries',
];
const MOST_GROWN = 1.35;
const FIT = { padding: [36, 36], maxZoom: 19.75 };

class Plate {
  constructor(map, payload, options) {
    this.map = map;
    this.payload = payload;
    this.options = { url: true, card: true, print: true, ...options };
    this.word = wording(payload.words ?? {});
    this.styles = makeStyles(payload.palette, getComputedStyle(map.getContainer()).fontFamily);
    this.visible = Object.fromEntries(VISIBLE.map((name) => [name, true]));
    this.drawn = {};
    this.layers = {};
    for (const [name, raw] of Object.entries(payload.layers ?? {})) this.layers[name] = decode(name, raw);
    const [west, south, east, north] = payload.extent;
    this.pivot = toWorld((west + east) / 2, (south + north) / 2);
    this.selected = null;
    this.hovered = null;
    this.focused = null;
    this.measuring = false;
    this.state = tidy({ theme: payload.theme, town: payload.town, lang: payload.lang, ...readState(location.href) });
    matchAll(this.layers, this.state);
  }

  get theme() {
    return this.state.theme ?? 'progress';
  }

  layersOf(name) {
    return this.layers[name] ?? [];
  }

  /** Replace layers by what the service sent; those it did not send stay. */
  receive(raws, thinned = {}) {
    for (const [name, raw] of Object.entries(raws)) this.layers[name] = decode(name, raw, Boolean(thinned[name]));
    this.hovered = null;
    if (this.focused && !this.layersOf(this.focused.layer.name).includes(this.focused.layer)) this.focused = null;
    matchAll(this.layers, this.state);
    this.redraw();
  }

  redraw() {
    this.canvas.redraw();
  }

  /** Show exactly this state, without a reload and with the extent kept; an absent field filters nothing. */
  apply(state) {
    const next = tidy({ theme: this.theme, lang: this.state.lang, ...state });
    const chosen = next.community;
    const moved = next.view && next.view !== this.state.view;
    this.state = next;
    matchAll(this.layers, next);
    if (moved) this.#look(next.view);
    const now = this.selected?.name === 'communities' ? this.selected.id : null;
    if ((chosen ?? null) !== now) this.select('communities', chosen ?? null, { quiet: true });
    this.tooltip.hide();
    this.redraw();
    this.#tell();
  }

  /** Change some fields of the state and keep the others. */
  change(fields) {
    this.apply({ ...this.state, ...fields });
  }

  #tell() {
    if (this.options.url) history.replaceState(history.state, '', writeState(location.href, this.state, this.#plain()));
    this.emit('state', this.state);
  }

  /** What the address need not say. */
  #plain() {
    const file = location.protocol === 'file:';
    return file ? { theme: this.payload.theme, town: this.payload.town } : { theme: 'progress' };
  }

  emit(name, detail) {
    this.map.getContainer().dispatchEvent(new CustomEvent(`tongchou:${name}`, { detail, bubbles: true }));
  }

  /** Select a feature by layer and id, or nothing by null. */
  select(name, id, { quiet = false, focus = false } = {}) {
    const found = id === null ? null : this.lookUp(name, id);
    this.selected = id === null ? null : { name, id: String(id) };
    const community = this.selected && name === 'communities' ? this.selected.id : undefined;
    this.state = tidy({ ...this.state, community });
    if (found && this.options.card) this.popup.open(found, focus);
    else if (!found) this.popup.close();
    if (found) this.voice.textContent = sentenceOf(this, found.layer, found.i);
    this.redraw();
    if (quiet) return;
    this.emit('select', { layer: name, id: id === null ? null : String(id) });
    this.#tell();
  }

  lookUp(name, id) {
    for (const layer of this.layersOf(name)) {
      const i = layer.find(id);
      if (i >= 0 && !layer.thinned) return { layer, i };
    }
    return null;
  }

  isSelected(name, id) {
    return this.selected?.name === name && this.selected.id === String(id);
  }

  selectedCommunity() {
    return this.selected?.name === 'communities' ? this.lookUp('communities', this.selected.id) : null;
  }

  /** What the marks show. */
  marked() {
    const placed = (feature) => (feature && feature.layer.own[feature.i + 1] > feature.layer.own[feature.i] ? feature : null);
    return {
      selected: this.selected ? placed(this.lookUp(this.selected.name, this.selected.id)) : null,
      hovered: placed(this.hovered),
      focused: placed(this.focused),
    };
  }

  /** Bring a feature, or everything by null, into the window. */
  fit(name, id) {
    const found = id === null || id === undefined ? null : this.lookUp(name, id);
    const animate = !matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (found) this.map.fitBounds(this.boundsOf(found.layer, found.i), { ...FIT, animate });
    else this.#fitAll(animate);
  }

  /** What the map opens on: the payload's extent, and the outline of the place where that is hardly larger. */
  extent() {
    const [west, south, east, north] = this.payload.extent;
    const bounds = L.latLngBounds([south, west], [north, east]);
    const whole = L.latLngBounds(bounds.getSouthWest(), bounds.getNorthEast());
    for (const layer of this.layersOf('boundaries')) {
      for (const i of layer.placed) {
        if (!this.state.town || layer.get('code', i) === this.state.town) whole.extend(this.boundsOf(layer, i));
      }
    }
    const grown = (a, b) => (whole[a]() - whole[b]()) / (bounds[a]() - bounds[b]());
    return grown('getEast', 'getWest') < MOST_GROWN && grown('getNorth', 'getSouth') < MOST_GROWN ? whole : bounds;
  }

  /** All of the extent, clear of what stands in the left column. */
  #fitAll(animate) {
    const size = this.map.getSize();
    const column = this.map.getContainer().querySelector(':scope > .plate-top-left');
    const [wide, tall] = [column?.offsetWidth ?? 0, column?.offsetHeight ?? 0];
    const beside = size.x > 900 && wide ? wide + 20 : 0;
    const below = size.x < 640 && tall ? tall + 8 : 0;
    this.map.fitBounds(this.extent(), {
      paddingTopLeft: [beside + 12, below + 12], paddingBottomRight: [size.x < 640 ? 12 : 60, size.x < 640 ? 60 : 16], animate,
    });
  }

  boundsOf(layer, i) {
    const [x0, y0, x1, y1] = layer.box.subarray(4 * i, 4 * i + 4);
    const [west, north] = fromWorld(x0, y0);
    const [east, south] = fromWorld(x1, y1);
    return L.latLngBounds([south, west], [north, east]);
  }

  /** Box of a feature in pixels of the map's container. */
  containerBox(layer, i) {
    const bounds = this.boundsOf(layer, i);
    const a = this.map.latLngToContainerPoint(bounds.getNorthWest());
    const b = this.map.latLngToContainerPoint(bounds.getSouthEast());
    return [a.x, a.y, b.x, b.y];
  }

  /** Pan so that a feature is in sight, if it is not. */
  bring(layer, i) {
    const [x0, y0, x1, y1] = this.containerBox(layer, i);
    const size = this.map.getSize();
    if (x0 >= 0 && y0 >= 0 && x1 <= size.x && y1 <= size.y) return;
    this.map.panTo(this.boundsOf(layer, i).getCenter(), { animate: !matchMedia('(prefers-reduced-motion: reduce)').matches });
  }

  /** Keyboard focus on a feature. */
  focus(feature) {
    this.focused = feature;
    this.canvas.remark();
    if (!feature) return this.tooltip.hide();
    const [, y0, x1] = this.containerBox(feature.layer, feature.i);
    return this.tooltip.show(feature, L.point(x1, y0 - 16));
  }

  openFocused() {
    if (!this.focused) return;
    this.tooltip.hide();
    this.select(this.focused.layer.name, this.focused.layer.ids[this.focused.i], { focus: true });
  }

  escape() {
    if (this.measuring) this.measuring.stop();
    else if (this.selected) this.select(this.selected.name, null);
  }

  /** Show or hide a layer, or a kind of line by `line.<style>`. */
  show(name, on) {
    this.visible[name] = on;
    this.redraw();
    this.emit('visible', { name, on });
  }

  /** Boxes of the controls over the map, in pixels of its container. */
  covered() {
    const container = this.map.getContainer();
    const { left, top } = container.getBoundingClientRect();
    return [...container.querySelectorAll('.plate-tools, .plate-panel, .plate-search, .plate-footline')]
      .map((control) => control.getBoundingClientRect())
      .filter(({ width }) => width > 0)
      .map((box) => [box.left - left, box.top - top, box.right - left, box.bottom - top]);
  }

  viewNow() {
    return this.view ?? null;
  }

  inside(layer, px, i, x, y) {
    return contains(layer, px, i, x, y);
  }

  money(yuan) {
    return moneyText(this.word, yuan);
  }

  digNumber(id) {
    const found = id === null ? null : this.lookUp('digs', id);
    return found ? found.layer.get('number', found.i) : null;
  }

  /** What a town counts, as `13 个小区 · 44 栋`. */
  townCounts(code) {
    const towns = this.payload.summary?.towns ?? {};
    const town = Array.isArray(towns) ? towns.find((one) => one.code === code) : towns[code];
    return town ? this.word('map.town_line', { communities: town.communities, buildings: town.buildings }) : '';
  }

  /** The outline of a town, as {layer, i}, or null. */
  townArea(code) {
    for (const layer of this.layersOf('boundaries')) {
      const i = (layer.columns.code ?? []).findIndex((one, k) => one === code && layer.get('level', k) === 'town');
      if (i >= 0 && layer.own[i + 1] > layer.own[i]) return { layer, i };
    }
    return null;
  }

  /** Name of the chosen town, else of the district. */
  place() {
    for (const layer of this.layersOf('boundaries')) {
      for (let i = 0; i < layer.count; i++) {
        const wanted = this.state.town ? layer.get('code', i) === this.state.town : layer.get('level', i) === 'district';
        if (wanted) return layer.get('name', i);
      }
    }
    return this.payload.place ?? '';
  }

  /** Whether some outline or street is only schematic. */
  isSchematic() {
    return [...this.layersOf('boundaries'), ...this.layersOf('ground')].some((layer) => (layer.columns.schematic ?? []).some(Boolean));
  }

  /** Say something short, to eyes and to screen readers. */
  say(text) {
    this.voice.textContent = text;
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      this.toast.hidden = true;
    }, 6000);
  }

  #look(view) {
    const [lon, lat, zoom] = view.split(',').map(Number);
    if ([lon, lat, zoom].every(Number.isFinite)) this.map.setView([lat, lon], zoom, { animate: false });
  }

  /** Where the map opens: the view of the state, else all of the extent. */
  open() {
    const { map, state } = this;
    if (state.view) this.#look(state.view);
    else {
      this.#fitAll(false);
      queueMicrotask(() => this.#fitAll(false));
    }
    setTimeout(() => map.on('moveend', () => this.#moved()));
    if (state.community) this.select('communities', state.community, { quiet: true });
  }

  #moved() {
    const { lat, lng } = this.map.getCenter();
    this.state = tidy({ ...this.state, view: `${lng.toFixed(6)},${lat.toFixed(6)},${Number(this.map.getZoom().toFixed(2))}` });
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.#tell(), 300);
  }
}

/**
 * Draw a payload (docs/map-payload.md) on a Leaflet map and give back its plate.
 * Options: `url` (keep the state in the address), `card` (open a card on a click), `print`, `padding`.
 */
export function createPlate(map, payload, options = {}) {
  prepare(map);
  const plate = new Plate(map, payload, options);
  plate.tooltip = makeTooltip(plate);
  plate.popup = makePopup(plate, (within) => {
    if (within) plate.keys.focus({ preventScroll: true });
    if (plate.selected) plate.select(plate.selected.name, null);
  });
  Object.assign(plate, addKeyboard(plate));
  plate.toast = make('div', { class: 'plate-toast', hidden: true });
  map.getContainer().append(plate.toast);
  plate.canvas = new PlateLayer(
    plate.pivot,
    (view) => {
      plate.view = view;
      const started = performance.now();
      plate.drawn = drawPlate(plate, view);
      plate.drawMs = performance.now() - started;
      plate.emit('drawn', plate.drawn);
    },
    (view) => drawMarks(plate, view),
  );
  plate.canvas.addTo(map);
  plate.open();
  listen(plate);
  addRemote(plate, FILTERS);
  if (plate.options.print) addPrinting(plate);
  document.fonts?.ready.then(() => {
    plate.widths?.clear();
    plate.redraw();
  });
  window.tongchou = { map, plate, get state() { return plate.state; } };
  return plate;
}
