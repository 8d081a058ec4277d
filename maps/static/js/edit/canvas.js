/** The shape of a form on the page's map: an outline, a line or a dig, and a session of several new ones. */
import { toWorld } from '../plate/decode.js';
import { make } from '../plate/dom.js';
import { contains } from '../plate/paths.js';
import { change, freshKey } from './ask.js';
import { dropDraft } from './drafts.js';
import { Drawing, metresText } from './draw.js';
import { announce, saidFailed, saidSaved } from './editing.js';
import { changed, fill, showFaults, typed } from './questions.js';
import { Shape } from './shape.js';
import { word } from './words.js';

const FIT_ZOOM = 20;

export class ShapeCanvas {
  /** `row` is the row as it is, or null for a new one. */
  constructor(editing, plate, row) {
    this.editing = editing;
    this.plate = plate;
    this.kind = editing.plan.drawn;
    this.shape = new Shape(this.kind, row?.geometry ?? null);
    this.session = [];
    this.box = editing.form.querySelector('.form-draw');
    this.box.hidden = false;
    this.hint = make('p', { class: 'q-hint' });
    this.keys = make('p', { class: 'q-hint', text: word('draw_keys'), hidden: true });
    this.again = make('button', { type: 'button', class: 'button', text: word('draw_again'), on: { click: () => this.drawing.again() } });
    this.next = make('button', { type: 'button', class: 'button', text: word('draw_next'), hidden: true, on: { click: () => this.another() } });
    this.list = make('ol', { class: 'session', hidden: true });
    this.fact = make('strong', { class: 'form-draw-fact' });
    this.box.append(make('div', { class: 'form-draw-head' }, this.fact, make('span', { class: 'form-draw-do' }, this.again, this.next)), this.hint, this.keys, this.list);
    this.#draw(row);
    editing.form.addEventListener('input', () => plate.canvas.remark());
  }

  #draw(row) {
    const skip = row ? { layer: this.editing.layer, id: row.id } : null;
    this.drawing = new Drawing(this.plate, this.shape, {
      look: () => this.look(), others: () => this.session.flatMap(({ runs }) => runs), skip,
      onChange: () => this.refresh(), onDone: () => this.done(),
    });
    if (row?.geometry) this.#fit();
    this.refresh();
  }

  #fit() {
    const points = this.shape.runs.flat();
    const [lons, lats] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const bounds = [[Math.min(...lats), Math.min(...lons)], [Math.max(...lats), Math.max(...lons)]];
    const wide = this.plate.map.getSize().x > 640;
    this.plate.map.fitBounds(bounds, { padding: wide ? [72, 88] : [40, 76], maxZoom: FIT_ZOOM, animate: false });
  }

  /** In the colour of its kind; a dig as wide as its form says. */
  look() {
    const S = this.plate.styles;
    const { form } = this.editing;
    if (this.kind === 'area') return { colour: S.accent };
    const utility = form.elements.utility?.value;
    const planned = this.editing.layer === 'digs' || form.elements.state?.value === 'planned';
    const colour = utility ? S.line(utility, 'in_service')?.line ?? S.accent : S.accent;
    const width = Number(form.elements.width_m?.value);
    return { colour, dash: planned ? [9, 5] : [], width_m: this.editing.layer === 'digs' && width > 0 ? width : 0 };
  }

  refresh() {
    if (!this.drawing) return;
    const { shape, kind, drawing } = this;
    const some = shape.count > 1;
    this.fact.textContent = some
      ? kind === 'area' && shape.count > 2 ? word('draw_area_now', { area: shape.area(drawing.flat).toFixed(1) }) : word('draw_length', { metres: metresText(shape.length(drawing.flat)) })
      : word('session_now');
    const way = drawing.adding ? (kind === 'area' ? 'draw_area' : 'draw_path') : 'draw_edit';
    this.hint.textContent = word(way);
    this.keys.hidden = !drawing.adding || drawing.finger;
    this.again.hidden = !shape.count;
    this.next.hidden = Boolean(this.editing.plan.id) || drawing.adding || kind === 'area';
    this.editing.typedSome();
  }

  done() {
    this.#settle();
    this.editing.form.querySelector('.q input, .q select')?.focus({ preventScroll: true });
  }

  /** A new one that was drawn inside a community is of that community, unless somebody has said otherwise. */
  #settle() {
    const field = this.editing.form.elements.community;
    const view = this.plate.viewNow();
    if (!field || field.value || !view || this.editing.plan.id) return;
    const at = toWorld(...this.shape.runs[0][0]);
    const [x, y] = at.map((value, k) => (value - view.pivot[k]) * view.scale);
    for (const layer of this.plate.layersOf('communities')) {
      const i = layer.thinned ? undefined : layer.within(...at, ...at).find((one) => contains(layer, layer.pixels(view.zoom, view.pivot), one, x, y));
      if (i !== undefined) field.value = layer.ids[i];
    }
  }

  geometry() {
    return this.shape.geometry();
  }

  isChanged() {
    return this.shape.isChanged() || this.session.length > 0;
  }

  /** Whether all that was drawn has been put by and nothing new was begun. */
  isPutBy() {
    return this.session.length > 0 && !this.shape.count;
  }

  fault() {
    if (!this.shape.isWhole()) return word('fault_draw');
    return this.shape.crosses() ? word('fault_shape') : null;
  }

  fill(geometry) {
    this.drawing.end();
    const { opened } = this.shape;
    this.shape = new Shape(this.kind, geometry);
    this.shape.opened = opened;
    this.#draw(this.editing.plan.id ? { id: this.editing.plan.id, geometry } : null);
    if (!this.editing.plan.id) this.#fit();
  }

  end() {
    this.drawing.end();
  }

  // several new ones

  /** Put the present one by and begin the next with the same answers. */
  another() {
    const wrong = this.editing.wrong();
    showFaults(this.editing.form, wrong);
    if (wrong.length) return;
    this.session.push(this.#taken());
    this.drawing.end();
    this.shape = new Shape(this.kind);
    this.#draw(null);
    this.#showSession();
  }

  /** Take up what a draft has put by. */
  putBy(session) {
    this.session = session;
    this.#showSession();
    this.plate.canvas.remark();
  }

  #taken() {
    const { form, plan } = this.editing;
    return {
      fields: changed(form, plan), texts: typed(form, plan), geometry: this.shape.geometry(),
      runs: this.shape.runs.map((run) => run.map((point) => [...point])), length: this.shape.length(this.drawing.flat),
    };
  }

  #showSession() {
    this.list.hidden = !this.session.length;
    this.list.replaceChildren(...this.session.map((one, k) => make('li', {},
      make('span', { text: word('length', { metres: metresText(one.length) }) }),
      make('button', { type: 'button', class: 'plain-button', text: word('session_edit'), on: { click: () => this.#back(k) } }),
      make('button', { type: 'button', class: 'plain-button', text: word('session_drop'), on: { click: () => this.#drop(k) } }))));
    const save = this.editing.form.querySelector('[data-save]');
    const label = this.session.length ? word('session_save') : this.editing.label ?? save.textContent;
    this.editing.label ??= save.textContent;
    save.textContent = label;
    this.refresh();
  }

  #drop(k) {
    this.session.splice(k, 1);
    this.#showSession();
    this.plate.canvas.remark();
  }

  #back(k) {
    const [one] = this.session.splice(k, 1);
    if (this.shape.isWhole()) this.session.push(this.#taken());
    fill(this.editing.form, this.editing.plan, one.texts);
    this.drawing.end();
    this.shape = new Shape(this.kind, one.geometry);
    this.shape.opened = '[]';
    this.#draw(null);
    this.#showSession();
  }

  /** Save all that was drawn as one change. */
  async saveSession() {
    const { editing } = this;
    const all = [...this.session, ...(this.shape.isWhole() ? [this.#taken()] : [])];
    const body = {
      summary: editing.plan.title,
      changes: all.map(({ fields, geometry }, k) => ({ action: 'add', layer: editing.layer, as: `new${k + 1}`, fields, geometry })),
    };
    const text = JSON.stringify(body);
    if (text !== editing.sent) [editing.sent, editing.key] = [text, freshKey()];
    editing.busyWith(true);
    try {
      const done = await change('POST', '/api/changes', body, { key: editing.key });
      dropDraft(editing.plan);
      clearTimeout(editing.keeping);
      editing.settled = true;
      this.session = [];
      editing.surface.end();
      announce([editing.layer], done.revision);
      saidSaved(all.length > 1 ? word('saved_many', { count: all.length }) : word('saved'), done.revision, [editing.layer]);
    } catch (error) {
      editing.keep();
      if (error.faults?.length) showFaults(editing.form, error.faults.map(({ column, title }) => ({ column: column ?? '', text: title })));
      else saidFailed(error);
    } finally {
      editing.busyWith(false);
    }
  }
}

/** The canvas of a form; null where the page has no map. */
export function canvasFor(editing) {
  const plate = window.tongchou?.plate;
  if (!plate) return null;
  const { id, geometry_now: geometry } = editing.plan;
  return new ShapeCanvas(editing, plate, id ? { id, geometry } : null);
}
