/** Handles of a shape: a dot on every vertex to drag, a small one between two to add another. */
/* global L */
import { make } from '../plate/dom.js';
import { word } from './words.js';

const MOST = 400;
const NUDGE_M = 0.1;
const KEYS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function dot(className, label) {
  const icon = L.divIcon({ className: `edit-handle ${className}`, html: make('i'), iconSize: null });
  return { icon, keyboard: true, draggable: true, autoPan: true, title: '', alt: label, riseOnHover: true };
}

/**
 * Keep the handles of `shape` on the map. `on` has `moved(run, at, latlng)` giving the place it catches,
 * `grab()`, `drop()`, `press(run, at)`, `insert(run, after, latlng)` and `remove(run, at)`.
 */
export class Handles {
  constructor(map, shape, on) {
    this.map = map;
    this.shape = shape;
    this.on = on;
    this.group = L.layerGroup().addTo(map);
    this.chosen = null;
    this.middles = true;
  }

  remove() {
    this.group.remove();
  }

  /** Make them anew; the keyboard's place is kept. */
  place(focus = this.chosen) {
    this.group.clearLayers();
    this.elements = new Map();
    const inView = this.map.getBounds().pad(0.2);
    let left = MOST;
    this.shape.runs.forEach((run, r) => {
      run.forEach(([lon, lat], k) => {
        if (left <= 0 || !inView.contains([lat, lon])) return;
        left -= 1;
        this.#vertex(r, k, run.length, focus);
      });
      if (!this.middles) return;
      const ends = this.shape.kind === 'area' && run.length > 2 ? run.length : run.length - 1;
      for (let k = 0; k < ends && left > 0; k++) {
        const [a, b] = [run[k], run[(k + 1) % run.length]];
        const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
        if (!inView.contains([middle[1], middle[0]]) || this.#apart(a, b) < 34) continue;
        left -= 1;
        this.#middle(r, k, middle);
      }
    });
  }

  /** Show which one is chosen, without making any anew: a press on it is still under way. */
  choose(chosen) {
    this.chosen = chosen;
    for (const [name, element] of this.elements ?? []) element.classList.toggle('is-chosen', name === String(chosen));
  }

  #apart(a, b) {
    const [p, q] = [a, b].map(([lon, lat]) => this.map.latLngToContainerPoint([lat, lon]));
    return p.distanceTo(q);
  }

  #vertex(r, k, count, focus) {
    const [lon, lat] = this.shape.runs[r][k];
    const chosen = this.chosen && this.chosen[0] === r && this.chosen[1] === k;
    const label = word('draw_vertex', { n: k + 1, count });
    const marker = L.marker([lat, lon], dot(`is-vertex${chosen ? ' is-chosen' : ''}`, label)).addTo(this.group);
    const element = marker.getElement();
    element.setAttribute('aria-label', label);
    this.elements.set(String([r, k]), element);
    marker.on('dragstart', () => this.on.grab(r, k));
    marker.on('drag', () => {
      const [x, y] = this.on.moved(r, k, marker.getLatLng());
      marker.setLatLng([y, x]);
    });
    marker.on('dragend', () => this.on.drop(r, k));
    marker.on('click', (event) => {
      L.DomEvent.stop(event.originalEvent ?? event);
      this.on.press(r, k);
    });
    marker.on('dblclick', (event) => {
      L.DomEvent.stop(event.originalEvent ?? event);
      this.on.twice?.(r, k);
    });
    element.addEventListener('focus', () => this.on.focus?.(r, k));
    element.addEventListener('keydown', (event) => this.#key(event, r, k, marker));
    if (focus && focus[0] === r && focus[1] === k && this.hasFocus) element.focus({ preventScroll: true });
  }

  #key(event, r, k, marker) {
    const way = KEYS[event.key];
    if (way) {
      const step = NUDGE_M * (event.shiftKey ? 10 : 1);
      const { lat, lng } = marker.getLatLng();
      const north = step / 111_320;
      const east = north / Math.cos((lat * Math.PI) / 180);
      this.on.nudge(r, k, [lng + way[0] * east, lat + way[1] * north]);
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.on.remove(r, k);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #middle(r, k, [lon, lat]) {
    const marker = L.marker([lat, lon], dot('is-middle', word('draw_middle', { n: k + 1 }))).addTo(this.group);
    const element = marker.getElement();
    element.setAttribute('aria-label', word('draw_middle', { n: k + 1 }));
    element.tabIndex = -1;
    let made = false;
    marker.on('dragstart', () => {
      made = true;
      this.on.insert(r, k, marker.getLatLng(), true);
    });
    marker.on('drag', () => {
      const [x, y] = this.on.moved(r, k + 1, marker.getLatLng());
      marker.setLatLng([y, x]);
    });
    marker.on('dragend', () => this.on.drop(r, k + 1));
    marker.on('click', (event) => {
      L.DomEvent.stop(event.originalEvent ?? event);
      if (!made) this.on.insert(r, k, marker.getLatLng(), false);
    });
  }
}
