/** The Leaflet map made ready for a plate, and the pointer over it: hover, click, drag. */
import { toWorld } from './decode.js';
import { featureAt } from './hit.js';

/** Fractional zooms, our own controls, the height of the map as a custom property. */
export function prepare(map) {
  Object.assign(map.options, { zoomSnap: 0.1, zoomDelta: 0.5, wheelPxPerZoomLevel: 100 });
  map.setMinZoom(9);
  map.setMaxZoom(22);
  map.zoomControl?.remove();
  map.attributionControl?.remove();
  const container = map.getContainer();
  const measure = () => container.style.setProperty('--plate-height', `${map.getSize().y}px`);
  container.classList.add('plate-map');
  map.on('resize', measure);
  measure();
}

/** Follow the pointer: a tooltip and an outline under it, a selection on a click. */
export function listen(plate) {
  const { map } = plate;
  let frame = 0;
  const at = (latlng) => {
    const [x, y] = toWorld(latlng.lng, latlng.lat);
    const view = plate.viewNow();
    return featureAt(plate, view, [(x - plate.pivot[0]) * view.scale, (y - plate.pivot[1]) * view.scale]);
  };
  const idle = () => plate.measuring || !plate.viewNow() || map._animatingZoom || map.dragging?.moving();
  const hover = (found, point) => {
    const same = found?.layer === plate.hovered?.layer && found?.i === plate.hovered?.i;
    plate.hovered = found;
    if (!same) plate.canvas.remark();
    map.getContainer().classList.toggle('is-over', Boolean(found));
    if (found) plate.tooltip.show(found, point);
    else plate.tooltip.hide();
  };
  map.on('mousemove', ({ latlng, containerPoint, originalEvent }) => {
    cancelAnimationFrame(frame);
    const onMap = !originalEvent.target.closest?.('.plate-corner, .plate-card');
    frame = requestAnimationFrame(() => !idle() && hover(onMap ? at(latlng) : null, containerPoint));
  });
  map.on('mouseout dragstart zoomstart', () => {
    cancelAnimationFrame(frame);
    if (plate.hovered) hover(null);
  });
  map.on('click', ({ latlng }) => {
    if (idle()) return;
    cancelAnimationFrame(frame);
    const found = at(latlng);
    plate.tooltip.hide();
    if (found) plate.select(found.layer.name, found.layer.ids[found.i]);
    else if (plate.selected) plate.select(plate.selected.name, null);
  });
  map.on('move zoomend resize', () => plate.popup.place());
  map.on('zoomanim', () => plate.popup.element.classList.add('is-away'));
}
