/** Find as you type: communities, owners and digs; arrows choose, Enter opens. */
const WAIT = 150;

function option(found, place) {
  const item = document.createElement('li');
  item.id = `found-${place}`;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', 'false');
  const name = document.createElement('span');
  name.textContent = found.name;
  const note = document.createElement('span');
  note.className = 'hint';
  note.textContent = found.note;
  item.append(name, note);
  return item;
}

export function addSearch(form, { words, lang, go }) {
  if (!form || form.dataset.ready) return;
  form.dataset.ready = '1';
  const field = form.querySelector('input[type="search"]');
  const list = form.querySelector('.found');
  let found = [];
  let at = -1;
  let timer = 0;
  let asked = 0;
  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-controls', list.id);
  field.setAttribute('aria-expanded', 'false');
  field.setAttribute('aria-autocomplete', 'list');

  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const point = (place) => {
    at = place;
    [...list.children].forEach((item, i) => item.setAttribute('aria-selected', String(i === at)));
    if (at >= 0) field.setAttribute('aria-activedescendant', `found-${at}`);
    else field.removeAttribute('aria-activedescendant');
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  };
  const open = (place) => {
    const chosen = found[place];
    if (!chosen) return;
    close();
    const plate = window.tongchou?.plate;
    if (plate && chosen.layer !== 'owners' && plate.lookUp(chosen.layer, chosen.id)) {
      plate.fit(chosen.layer, chosen.id);
      plate.select(chosen.layer, chosen.id);
    } else location.assign(chosen.url);
  };
  const ask = async () => {
    const text = field.value.trim();
    const mine = ++asked;
    if (!text) return close();
    const day = form.elements.as_of?.value;
    const answer = await fetch(`${form.dataset.search}?${new URLSearchParams({ q: text, lang, ...(day && { as_of: day }) })}`);
    if (!answer.ok || mine !== asked) return undefined;
    found = (await answer.json()).found;
    if (found.length) list.replaceChildren(...found.map(option));
    else {
      const none = document.createElement('li');
      none.className = 'nothing';
      none.textContent = words['app.js.none'].replace('{text}', text);
      list.replaceChildren(none);
    }
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    return point(-1);
  };
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' && found.length) point((at + 1) % found.length);
    else if (event.key === 'ArrowUp' && found.length) point((at - 1 + found.length) % found.length);
    else if (event.key === 'Enter' && at >= 0) open(at);
    else return;
    if (event.key !== 'Escape') event.preventDefault();
  });
  form.addEventListener('submit', (event) => {
    if (!window.tongchou?.plate) return;
    event.preventDefault();
    close();
    const address = new URL(location.href);
    const text = field.value.trim();
    if (text) address.searchParams.set('q', text);
    else address.searchParams.delete('q');
    go(address.href);
  });
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => open([...list.children].indexOf(event.target.closest('li'))));
  field.addEventListener('blur', () => setTimeout(close, 100));
}
