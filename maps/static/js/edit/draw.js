/** Drawing on the map by mouse, finger and keyboard: add, move, insert and delete points; undo and redo. */
/* global L */
import { make, shield } from '../plate/dom.js';
import { projector } from '../plate/measure.js';
import { drawCatch, drawShape } from './draw_marks.js';
import { Handles } from './handles.js';
import { mark } from './marks.js';
import { snapped } from './snapping.js';
import { grouped } from './units.js';
import { word } from './words.js';

const SAME_PX = 4;
const TWICE_PX = 12;
const PAN = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function tool(name, key, press) {
  const label = word(key);
  return make('button', { class: `edit-tool edit-tool-${name}`, type: 'button', 'aria-label': label, title: label, on: { click: press } }, mark(name), make('span', { text: label }));
}

/** `12.34` below a hundred metres, `1,234.5` above. */
export function metresText(metres) {
  return grouped(metres.toFixed(metres < 100 ? 2 : 1));
}

/**
 * One drawing on the plate. `look()` says how it is drawn (colour, dash, width_m), `others()` what else was drawn
 * now, `skip` which row of the map it is, `onChange()` hears of every step, `onDone()` of the end of a first drawing.
 */
export class Drawing {
  constructor(plate, shape, { look, others, skip, onChange, onDone }) {
    Object.assign(this, { plate, map: plate.map, shape, look, others, skip, onChange, onDone });
    this.project = projector(plate.payload);
    this.flat = ([lng, lat]) => this.project({ lat, lng });
    this.adding = !shape.isWhole();
    this.pointer = null;
    this.caught = null;
    this.snapping = true;
    this.finger = matchMedia('(pointer: coarse)').matches;
    this.#start();
  }

  #start() {
    const { map, plate } = this;
    if (plate.measuring) plate.measuring.stop();
    if (plate.selected) plate.select(plate.selected.name, null, { quiet: true });
    plate.tooltip.hide();
    plate.measuring = { stop: () => this.end() };
    plate.extraMarks = (view) => this.#draw(view);
    const box = map.getContainer();
    box.classList.add('is-editing');
    this.bar = shield(this.#makeBar());
    this.cross = make('div', { class: 'edit-cross', 'aria-hidden': 'true', hidden: !this.finger }, mark('target'));
    box.append(this.bar, this.cross);
    this.handles = new Handles(map, this.shape, {
      grab: (r, k) => this.#grab(r, k),
      moved: (r, k, latlng) => this.#moved(r, k, latlng),
      drop: (r, k) => this.#drop(r, k),
      press: (r, k) => this.#press(r, k),
      twice: (r, k) => this.#twice(r, k),
      insert: (r, k, latlng, dragging) => this.#insert(r, k, latlng, dragging),
      nudge: (r, k, point) => this.#nudge(r, k, point),
      remove: (r, k) => this.removePoint(r, k),
      focus: (r, k) => this.#choose(r, k),
    });
    this.heard = {
      click: (event) => this.#click(event),
      mousemove: (event) => this.#hover(event),
      mouseout: () => this.#unhover(),
      dblclick: (event) => this.#double(event),
      moveend: () => this.#placed(),
    };
    map.on(this.heard);
    map.doubleClickZoom.disable();
    this.keyed = (event) => this.#key(event);
    box.addEventListener('keydown', this.keyed, true);
    this.refresh();
  }

  /** Take everything of the drawing off the map. */
  end() {
    if (!this.handles) return;
    const { map, plate } = this;
    const box = map.getContainer();
    map.off(this.heard);
    map.doubleClickZoom.enable();
    box.removeEventListener('keydown', this.keyed, true);
    box.classList.remove('is-editing', 'is-drawing');
    this.handles.remove();
    this.handles = null;
    this.bar.remove();
    this.cross.remove();
    plate.measuring = false;
    plate.extraMarks = null;
    plate.canvas.remark();
  }

  #makeBar() {
    this.readout = make('output', { class: 'edit-readout', 'aria-live': 'polite' });
    this.buttons = {
      undo: tool('undo', 'draw_undo', () => this.undo()),
      redo: tool('redo', 'draw_redo', () => this.redo()),
      here: tool('target', 'draw_here', () => this.addHere()),
      bin: tool('bin', 'draw_delete', () => this.handles.chosen && this.removePoint(...this.handles.chosen)),
      snap: tool('snap', 'draw_snap', () => this.#toggleSnap()),
      done: tool('tick', 'draw_done', () => this.finish()),
    };
    this.buttons.snap.setAttribute('aria-pressed', 'true');
    return make('div', { class: 'edit-bar', role: 'toolbar', 'aria-label': word('form') }, this.readout, make('div', { class: 'edit-tools' }, ...Object.values(this.buttons)));
  }

  #toggleSnap() {
    this.snapping = !this.snapping;
    this.buttons.snap.setAttribute('aria-pressed', String(this.snapping));
  }

  #catch(latlng, free) {
    if (!this.snapping || free) return { point: [latlng.lng, latlng.lat], on: null };
    return snapped(this.plate, latlng, { others: this.others?.() ?? [], skip: this.skip, finger: this.finger });
  }

  refresh(focus) {
    this.map.getContainer().classList.toggle('is-drawing', this.adding);
    this.handles.middles = !this.adding;
    this.handles.place(focus);
    this.#enable();
    this.cross.classList.toggle('is-off', !this.adding);
    this.#read();
    this.plate.canvas.remark();
    this.onChange?.();
  }

  #enable() {
    const { shape, buttons } = this;
    buttons.undo.disabled = !shape.past.length;
    buttons.redo.disabled = !shape.future.length;
    buttons.bin.hidden = this.adding;
    buttons.bin.disabled = !this.handles.chosen || !shape.canRemove(this.handles.chosen[0]);
    buttons.here.hidden = !this.adding || this.cross.hidden;
    buttons.done.hidden = !this.adding;
    buttons.done.disabled = !shape.isWhole();
  }

  #read() {
    const parts = [];
    const { shape } = this;
    const ahead = this.adding && this.pointer && shape.count ? this.pointer : null;
    const run = shape.runs[shape.runs.length - 1];
    if (shape.kind === 'area' && shape.count > 2) parts.push(word('draw_area_now', { area: grouped(shape.area(this.flat).toFixed(1)) }));
    else if (shape.count) {
      const last = ahead ? Math.hypot(...this.flat(ahead).map((value, k) => value - this.flat(run[run.length - 1])[k])) : 0;
      parts.push(word('draw_length', { metres: metresText(shape.length(this.flat) + last) }));
      if (ahead) parts.push(word('draw_segment', { metres: metresText(last) }));
    }
    if (this.caught) parts.push(word(this.caught === 'vertex' ? 'draw_snapped_vertex' : 'draw_snapped_line'));
    if (!parts.length) parts.push(word(shape.kind === 'area' ? 'draw_area' : 'draw_path'));
    this.readout.textContent = parts.join(' · ');
  }

  #draw(view) {
    const S = this.plate.styles;
    const look = this.look?.() ?? {};
    for (const other of this.others?.() ?? []) drawShape(view, S, { kind: 'path', runs: [other] }, { ...look, pale: true, project: this.flat });
    drawShape(view, S, this.shape, { colour: S.accent, ...look, pointer: this.adding ? this.pointer : null, project: this.flat });
    if (this.caught && this.pointer) drawCatch(view, S, this.pointer);
  }

  // adding

  #isSame(point) {
    const run = this.shape.runs[this.shape.runs.length - 1];
    const last = run[run.length - 1];
    if (!last) return false;
    const [a, b] = [last, point].map(([lng, lat]) => this.map.latLngToContainerPoint([lat, lng]));
    return a.distanceTo(b) < SAME_PX;
  }

  add(latlng, free = false) {
    const { point } = this.#catch(latlng, free);
    if (this.#isSame(point)) return;
    this.shape.add(point);
    this.refresh();
  }

  /** Add a point where the crosshair stands, for keyboard and finger. */
  addHere() {
    this.add(this.map.getCenter());
  }

  finish() {
    if (!this.adding || !this.shape.isWhole()) return;
    this.adding = false;
    this.pointer = null;
    this.caught = null;
    this.refresh();
    this.onDone?.();
  }

  /** Begin anew. */
  again() {
    this.shape.clear();
    this.adding = true;
    this.handles.chosen = null;
    this.refresh();
  }

  #click({ latlng, containerPoint, originalEvent }) {
    this.clicks = [...(this.clicks ?? []).slice(-1), containerPoint];
    if (originalEvent?.target?.closest?.('.edit-handle, .plate-corner')) return;
    if (this.adding) this.add(latlng, originalEvent?.altKey);
    else if (this.handles.chosen) this.#choose(null);
  }

  #double(event) {
    L.DomEvent.stop(event.originalEvent);
    // Leaflet takes two quick taps for a double one wherever they fall.
    const [a, b] = this.clicks ?? [];
    if (!b || a.distanceTo(b) < TWICE_PX) this.finish();
  }

  #hover({ latlng, originalEvent }) {
    if (!this.adding || this.finger) return;
    const { point, on } = this.#catch(latlng, originalEvent.altKey);
    this.pointer = point;
    this.caught = on;
    this.#read();
    this.plate.canvas.remark();
  }

  #unhover() {
    if (!this.pointer) return;
    this.pointer = null;
    this.caught = null;
    this.plate.canvas.remark();
  }

  #placed() {
    if (this.handles && !this.dragging) this.handles.place();
  }

  // points that are there

  #choose(r, k) {
    const same = this.handles.chosen && r !== null && this.handles.chosen[0] === r && this.handles.chosen[1] === k;
    if (same) return;
    this.handles.hasFocus = r !== null;
    this.handles.choose(r === null ? null : [r, k]);
    this.#enable();
  }

  #press(r, k) {
    const run = this.shape.runs[r];
    if (this.adding && this.shape.isWhole() && (k === run.length - 1 || (this.shape.kind === 'area' && k === 0))) this.finish();
    else if (!this.adding) this.#choose(r, k);
  }

  #twice(r, k) {
    if (this.adding && k === this.shape.runs[r].length - 1) this.finish();
  }

  #grab(r, k) {
    this.shape.step();
    this.dragging = true;
    this.handles.choose([r, k]);
  }

  #moved(r, k, latlng) {
    const { point, on } = this.#catch(latlng, false);
    this.shape.move(r, k, point);
    this.caught = on;
    this.pointer = on ? point : null;
    this.#read();
    this.plate.canvas.remark();
    return point;
  }

  #drop() {
    this.dragging = false;
    this.caught = null;
    this.pointer = null;
    this.refresh();
  }

  #insert(r, k, latlng, dragging) {
    this.shape.insert(r, k, [latlng.lng, latlng.lat]);
    this.dragging = dragging;
    this.handles.chosen = [r, k + 1];
    if (!dragging) this.refresh();
  }

  #nudge(r, k, point) {
    if (!this.nudged || this.nudged[0] !== r || this.nudged[1] !== k) this.shape.step();
    this.nudged = [r, k];
    this.shape.move(r, k, point);
    this.handles.hasFocus = true;
    this.handles.chosen = [r, k];
    this.refresh([r, k]);
  }

  removePoint(r, k) {
    if (!this.shape.canRemove(r)) return;
    this.shape.remove(r, k);
    this.nudged = null;
    this.handles.chosen = this.adding ? null : [r, Math.max(0, k - 1)];
    this.refresh();
  }

  undo() {
    if (this.shape.undo()) this.#back();
  }

  redo() {
    if (this.shape.redo()) this.#back();
  }

  #back() {
    this.nudged = null;
    this.handles.chosen = null;
    if (!this.shape.isWhole()) this.adding = true;
    this.refresh();
  }

  /** While something is drawn the map's keys are the drawing's: the crosshair instead of the communities. */
  #key(event) {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === 'z') (event.shiftKey ? this.redo() : this.undo());
    else if (control && event.key.toLowerCase() === 'y') this.redo();
    else if (control || event.altKey || !event.target.closest('.plate-keys')) return;
    else if (PAN[event.key]) this.#pan(PAN[event.key], event.shiftKey ? 8 : 48);
    else if ((event.key === 'Enter' || event.key === ' ') && this.adding) this.addHere();
    else if (event.key === 'Backspace') this.undo();
    else if (event.key === 'Escape') this.finish();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #pan([x, y], px) {
    this.cross.hidden = false;
    this.buttons.here.hidden = !this.adding;
    this.map.panBy([x * px, y * px], { animate: false });
    this.#hoverAt(this.map.getCenter());
  }

  #hoverAt(latlng) {
    const { point, on } = this.#catch(latlng, false);
    this.pointer = this.adding ? point : null;
    this.caught = on;
    this.#read();
    this.plate.canvas.remark();
  }
}
