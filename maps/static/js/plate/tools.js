/** Tools at the top right: zoom, layers, measure, full screen; on narrow screens layers and position. */
import { make } from './dom.js';
import { icon } from './icons.js';
import { corner, folds } from './corners.js';
import { layersPane } from './layers_pane.js';
import { makeMeasure } from './measure.js';

function button(plate, name, key, press) {
  const label = plate.word(key);
  return make('button', { class: `plate-tool plate-tool-${name}`, type: 'button', 'aria-label': label, title: label, on: press ? { click: press } : {} }, icon(name));
}

function fullScreen(map, plate) {
  const target = map.getContainer();
  const tool = button(plate, 'full', 'map.full_screen', () => (document.fullscreenElement ? document.exitFullscreen() : target.requestFullscreen()));
  document.addEventListener('fullscreenchange', () => {
    const on = document.fullscreenElement === target;
    const label = plate.word(on ? 'map.full_screen_leave' : 'map.full_screen');
    tool.replaceChildren(icon(on ? 'leave' : 'full'));
    tool.setAttribute('aria-label', label);
    tool.title = label;
    map.invalidateSize();
  });
  return tool;
}

function locate(map, plate) {
  const tool = button(plate, 'locate', 'map.locate', () => map.locate({ setView: false, enableHighAccuracy: true, timeout: 10000 }));
  map.on('locationfound', ({ latlng }) => {
    const [west, south, east, north] = plate.payload.extent;
    const inside = latlng.lat > south && latlng.lat < north && latlng.lng > west && latlng.lng < east;
    if (inside) map.setView(latlng, Math.max(map.getZoom(), 18));
    else plate.say(plate.word('map.locate_outside'));
  });
  map.on('locationerror', () => plate.say(plate.word('map.locate_failed')));
  return tool;
}

/** Add the tools. */
export function addTools(map, plate) {
  const place = corner(map, 'top-right');
  const zoomIn = button(plate, 'plus', 'map.zoom_in', () => map.zoomIn());
  const zoomOut = button(plate, 'minus', 'map.zoom_out', () => map.zoomOut());
  const layers = button(plate, 'layers', 'map.layers');
  const pane = layersPane(plate);
  const open = folds(layers, pane.element, pane.refresh);
  const measureTool = button(plate, 'measure', 'map.measure', () => {
    open(false);
    measure.toggle();
  });
  measureTool.setAttribute('aria-pressed', 'false');
  const measure = makeMeasure(plate, (on) => measureTool.setAttribute('aria-pressed', String(on)));
  const home = button(plate, 'home', 'map.home', () => plate.fit('communities', null));
  const view = [zoomIn, zoomOut, home];
  const tools = [layers, measureTool, ...(document.fullscreenEnabled ? [fullScreen(map, plate)] : [])];
  place.append(
    make('div', { class: 'plate-tools plate-tools-zoom', role: 'group' }, ...view),
    make('div', { class: 'plate-tools', role: 'group' }, ...tools),
    make('div', { class: 'plate-tools plate-only-narrow', role: 'group' }, locate(map, plate)),
    pane.element,
    measure.panel,
  );
}
