/** Drafts of what is being typed, kept in this browser by account and row until it is saved. */
import { pageConfig } from './ask.js';

const PREFIX = 'tongchou.draft';
const KEPT_DAYS = 30;

function nameOf(plan) {
  const { account } = pageConfig();
  const asked = plan.questions?.find(({ name }) => name === 'community')?.shown;
  const about = plan.id || `new.${plan.fixed?.community ?? asked ?? ''}`;
  return [PREFIX, account ?? '', plan.layer, about, plan.part].join('|');
}

/** Storage may be shut: a draft that cannot be kept is no reason to stop. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function keepDraft(plan, draft) {
  try {
    storage()?.setItem(nameOf(plan), JSON.stringify({ at: new Date().toISOString(), row_revision: plan.row_revision, ...draft }));
  } catch {
    // full or forbidden: what is typed is still on the page
  }
}

export function dropDraft(plan) {
  storage()?.removeItem(nameOf(plan));
}

/** The draft of a form, or null. */
export function draftOf(plan) {
  try {
    return JSON.parse(storage()?.getItem(nameOf(plan)) ?? 'null');
  } catch {
    return null;
  }
}

/** Drafts that nobody came back to are not kept for ever. */
export function forgetOld() {
  const store = storage();
  if (!store) return;
  const oldest = Date.now() - KEPT_DAYS * 86_400_000;
  for (const name of Object.keys(store)) {
    if (!name.startsWith(`${PREFIX}|`)) continue;
    const [, at] = /"at":"([^"]+)"/.exec(store.getItem(name) ?? '') ?? [];
    if (!(Date.parse(at ?? '') > oldest)) store.removeItem(name);
  }
}
