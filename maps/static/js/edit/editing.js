/** One form from opening to saved: draft, faults, stale edits, undo. */
import { make } from '../plate/dom.js';
import { toast } from '../app/toast.js';
import { Refused, change, freshKey, readPart, revert } from './ask.js';
import { confirmed } from './confirming.js';
import { draftOf, dropDraft, keepDraft } from './drafts.js';
import { measurer } from './measuring.js';
import { changed, dress, faults, fill, showFaults, typed } from './questions.js';
import { compare } from './stale.js';
import { leave, stand } from './surface.js';
import { moment, takeWords, word } from './words.js';

const DRAFT_WAIT_MS = 300;

/** Tell the page that the district has changed: panel, tables and map follow. */
export function announce(layers, revision) {
  document.dispatchEvent(new CustomEvent('tongchou:changed', { detail: { layers: [...new Set(layers)], revision } }));
}

/** Say that it is saved, with the way back. */
export function saidSaved(text, revision, layers, row = {}) {
  const undo = async () => {
    try {
      const done = await revert(revision, row);
      announce(layers, done.revision);
      toast(word('undone'));
    } catch (error) {
      toast(error.status === 412 || error.status === 409 ? word('undo_stale') : word('failed', { problem: error.message }), { stays: true });
    }
  };
  toast(text, { action: { label: word('undo'), press: undo } });
}

/** Say why something was not saved. */
export function saidFailed(error) {
  if (error.status === 0) return toast(word('offline'), { stays: true });
  if (error.status === 401) return toast(word('sign_in'), { stays: true });
  return toast(word('failed', { problem: error.message }), { stays: true });
}

export class Editing {
  /** `canvas` draws the form's shape, where it has one: `{geometry(), isChanged(), fault(), end(), fill(geometry)}`. */
  constructor(form, plan, { makeCanvas = null, onSaved = () => {} } = {}) {
    Object.assign(this, { form, plan, makeCanvas, onSaved });
    this.key = null;
    this.sent = '';
    this.busy = false;
    this.settled = false;
  }

  get layer() {
    return this.plan.layer;
  }

  get address() {
    return `/api/rows/${this.layer}/${encodeURIComponent(this.plan.id)}`;
  }

  async open() {
    const { form, plan } = this;
    const drawing = Boolean(plan.geometry && this.makeCanvas);
    this.surface = await stand(form, { drawing, isDirty: () => this.isDirty(), onEnd: () => this.canvas?.end() });
    if (!this.surface) return false;
    this.surface.drop = () => dropDraft(plan);
    dress(form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.save();
    });
    form.addEventListener('input', () => this.typedSome());
    form.addEventListener('click', (event) => {
      if (event.target.closest('[data-close]')) leave();
      else if (event.target.closest('[data-remove]')) this.remove();
    });
    if (drawing) this.canvas = await this.makeCanvas(this);
    this.offerDraft();
    const files = form.querySelector('[data-files]');
    if (files) (await import('./files.js')).addFiles(files);
    return true;
  }

  isDirty() {
    return !this.settled && (this.isTyped() || Boolean(this.canvas?.isChanged()));
  }

  /** Whether something differs from what the form opened with, as typed. */
  isTyped() {
    const now = typed(this.form, this.plan);
    return this.plan.questions.some(({ name, shown }) => (now[name] ?? '') !== shown);
  }

  typedSome() {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), DRAFT_WAIT_MS);
  }

  keep() {
    if (!this.isDirty()) return dropDraft(this.plan);
    return keepDraft(this.plan, { texts: typed(this.form, this.plan), geometry: this.canvas?.geometry() ?? null, session: this.canvas?.session ?? [] });
  }

  offerDraft() {
    const draft = draftOf(this.plan);
    if (!draft) return;
    const old = this.plan.id && draft.row_revision !== this.plan.row_revision;
    const bar = make('div', { class: 'form-draft', role: 'status' },
      make('span', {}, make('strong', { text: word('draft', { at: moment(draft.at) }) }), old ? make('span', { class: 'hint', text: ` ${word('draft_old')}` }) : null),
      make('span', { class: 'form-draft-do' },
        make('button', { type: 'button', class: 'button primary', text: word('draft_continue'), on: { click: () => {
          fill(this.form, this.plan, draft.texts ?? {});
          if (draft.session?.length) this.canvas?.putBy(draft.session);
          if (draft.geometry) this.canvas?.fill(draft.geometry);
          if (old) this.plan.row_revision = draft.row_revision;
          bar.remove();
        } } }),
        make('button', { type: 'button', class: 'button', text: word('draft_discard'), on: { click: () => {
          dropDraft(this.plan);
          bar.remove();
        } } })));
    this.form.querySelector('.form-notes').prepend(bar);
  }

  busyWith(on) {
    this.busy = on;
    const button = this.form.querySelector('[data-save]');
    if (!button) return;
    this.label ??= button.textContent;
    button.setAttribute('aria-disabled', String(on));
    button.classList.toggle('is-busy', on);
    button.textContent = on ? word('saving') : this.label;
  }

  /** What is wrong before anything is sent. */
  wrong() {
    const list = faults(this.form, this.plan);
    const drawn = this.canvas?.fault();
    if (drawn) list.unshift({ column: 'geometry', text: drawn });
    return list;
  }

  body() {
    const body = { fields: changed(this.form, this.plan) };
    if (this.canvas && (this.canvas.isChanged() || !this.plan.id)) body.geometry = this.canvas.geometry();
    return body;
  }

  async save() {
    if (this.busy) return;
    const wrong = this.canvas?.isPutBy() ? [] : this.wrong();
    showFaults(this.form, wrong);
    if (wrong.length) return;
    if (this.canvas && !this.plan.id) {
      await this.canvas.saveSession();
      return;
    }
    const body = this.body();
    if (this.plan.id && !Object.keys(body.fields).length && body.geometry === undefined) {
      toast(word('nothing'));
      return;
    }
    await this.send(body, this.plan.row_revision);
  }

  /** Send it; the key stays while the same body is sent again. */
  async send(body, seen) {
    const text = JSON.stringify([body, seen]);
    if (text !== this.sent) [this.sent, this.key] = [text, freshKey()];
    this.busyWith(true);
    try {
      const row = this.plan.id
        ? await change('PATCH', this.address, body, { key: this.key, seen })
        : await change('POST', `/api/rows/${this.layer}`, body, { key: this.key });
      this.saved(row);
    } catch (error) {
      await this.refused(error, body);
    } finally {
      this.busyWith(false);
    }
  }

  saved(row) {
    dropDraft(this.plan);
    clearTimeout(this.keeping);
    this.settled = true;
    this.surface.end();
    const revision = row.changed?.revision;
    announce([this.layer], revision);
    saidSaved(word('saved'), revision, [this.layer], { layer: this.layer, row: row.id });
    this.onSaved(row);
  }

  async refused(error, body) {
    if (!(error instanceof Refused)) throw error;
    this.keep();
    if (error.status === 412 && error.problem.theirs) await this.reconcile(error.problem, body);
    else if (error.faults.length) showFaults(this.form, error.faults.map(({ column, title }) => ({ column: column ?? '', text: title })));
    else if (error.status === 404 || (error.status === 412 && !error.problem.theirs)) toast(word('stale_gone'), { stays: true });
    else saidFailed(error);
  }

  /** Somebody changed it meanwhile: show both, take what was chosen, save against the newer one. */
  async reconcile(problem) {
    const columns = this.plan.columns ?? this.plan.questions;
    const chosen = await compare(problem, { columns, measure: measurer(window.tongchou?.plate) });
    if (!chosen) return;
    if (chosen.drop || (!Object.keys(chosen.fields).length && chosen.geometry === undefined)) {
      dropDraft(this.plan);
      this.settled = true;
      this.surface.end();
      announce([this.layer], problem.theirs.row_revision);
      return;
    }
    const body = { fields: chosen.fields };
    if (chosen.geometry !== undefined) body.geometry = chosen.geometry;
    await this.send(body, chosen.seen);
  }

  async remove() {
    const { plan } = this;
    const sure = await confirmed({ title: word('remove_title', { name: plan.about || plan.title }), text: word('remove_text'), go: word('remove_go') });
    if (!sure) return;
    try {
      const done = await change('DELETE', this.address, undefined, { key: freshKey(), seen: plan.row_revision });
      dropDraft(plan);
      this.settled = true;
      this.surface.end();
      announce([this.layer], done.revision);
      saidSaved(word('removed'), done.revision, [this.layer], { layer: this.layer, row: plan.id });
    } catch (error) {
      saidFailed(error);
    }
  }
}

/** Fetch a form and what the page must know of it. */
export async function fetchForm(address) {
  const part = await readPart(address);
  const form = document.importNode(part.querySelector('form.form'), true);
  const plan = JSON.parse(form.querySelector('[data-plan]').textContent);
  takeWords(plan.words);
  return { form, plan };
}
