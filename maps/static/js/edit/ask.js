/** Asking the service: mutations carry the session's mark and a key by which a repeated one counts once. */

/** What the service refused, or what kept the question from reaching it (`status` 0). */
export class Refused extends Error {
  constructor(status, problem = {}) {
    super(problem.title ?? String(status));
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? '';
    this.faults = problem.facts?.faults ?? [];
  }
}

/** The page's own facts: session mark, account, language. */
export function pageConfig() {
  return JSON.parse(document.getElementById('app-config')?.textContent ?? '{}');
}

let renewed = null;

/** What proves that the page is ours, of the session that is now. */
export function sessionMark() {
  return renewed ?? pageConfig().csrf ?? '';
}

/** Somebody signed in anew on another page: the mark of the session that is now. */
async function newMark() {
  const page = await readPart(location.href);
  renewed = JSON.parse(page.getElementById('app-config')?.textContent ?? '{}').csrf ?? '';
  return renewed;
}

/** A key for one mutation; the same key for its every repetition. */
export function freshKey() {
  return crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

const WAITS_MS = [400, 1200];
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** An address with the page's language, so that sentences come back in it. */
export function inLanguage(address) {
  const url = new URL(address, location.href);
  const { lang } = pageConfig();
  if (lang && !url.searchParams.has('lang')) url.searchParams.set('lang', lang);
  return url.href;
}

async function refusal(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    problem = { title: `${answer.status}` };
  }
  return new Refused(answer.status, problem);
}

/** Read JSON. */
export async function read(address) {
  return (await reach(inLanguage(address), { headers: { Accept: 'application/json' } })).json();
}

/** Read a fragment of HTML as a document. */
export async function readPart(address) {
  const answer = await reach(inLanguage(address), { headers: { Accept: 'application/json', 'X-Part': '1' } });
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

async function reach(address, options) {
  let answer;
  try {
    answer = await fetch(address, { credentials: 'same-origin', ...options });
  } catch (error) {
    throw new Refused(0, { title: String(error.message), code: 'offline' });
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/**
 * Change something. `key` stays the same while the same change is tried again, so that it counts once;
 * a lost network and a busy store are tried again by themselves before the caller hears of it.
 */
export async function change(method, address, body, { key, seen } = {}) {
  const headers = { Accept: 'application/json', 'X-CSRF-Token': sessionMark(), 'Idempotency-Key': key ?? freshKey() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (seen !== undefined) headers['If-Match'] = `"${seen}"`;
  const options = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  for (const wait of [...WAITS_MS, null]) {
    try {
      return await (await reach(inLanguage(address), options)).json();
    } catch (error) {
      const foreign = error.code === 'csrf';
      const again = error.status === 0 || error.status === 503 || foreign;
      if (!again || wait === null) throw error;
      if (foreign) headers['X-CSRF-Token'] = await newMark();
      else await pause(wait);
    }
  }
  return undefined;
}

/** Undo a whole revision, or what it did to one row, by a new change. */
export function revert(revision, { layer, row } = {}, key = undefined) {
  const body = layer ? { layer, row } : {};
  return change('POST', `/api/revisions/${encodeURIComponent(revision)}/revert`, body, { key });
}
