/** Editing begins here: loaded when something that edits is first pressed, and told what it was. */
import { toast } from '../app/toast.js';
import { pageConfig } from './ask.js';
import { forgetOld } from './drafts.js';
import { Editing, fetchForm } from './editing.js';
import { guard, open as standing } from './surface.js';

guard();
forgetOld();

/** The form's address for what a button says: `data-edit` layer, `data-id`, `data-part`, `data-…` of a new row. */
function addressOf({ edit, id, part, community, dig, owner }) {
  const query = new URLSearchParams();
  if (part) query.set('part', part);
  for (const [name, value] of Object.entries({ community, dig, owner })) if (value && !id) query.set(name, value);
  const text = query.toString();
  return `/edit/${edit}/${id ? encodeURIComponent(id) : 'new'}${text ? `?${text}` : ''}`;
}

/** Open the form that a button asks for. */
export async function edit(data) {
  const { words } = pageConfig();
  const box = document.body;
  box.classList.add('is-opening');
  try {
    const { form, plan } = await fetchForm(addressOf(data));
    const drawn = plan.geometry && window.tongchou?.plate;
    const makeCanvas = drawn ? (await import('./canvas.js')).canvasFor : null;
    const editing = new Editing(form, plan, { makeCanvas });
    await editing.open();
  } catch (error) {
    toast(error.problem?.title ?? words?.['app.js.failed'] ?? error.message, { stays: true });
    if (!error.problem) throw error;
  } finally {
    box.classList.remove('is-opening');
  }
}

export { standing };
