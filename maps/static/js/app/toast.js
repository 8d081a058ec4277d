/** One line at the lower left; errors stay until they are put away, a saved change offers the way back. */
const SHOWN_MS = 6000;

function close(shelf, note) {
  note.remove();
  if (!shelf.childElementCount) shelf.classList.remove('has-toast');
}

/** `stays` for errors; `action` is `{label, press}`, on a toast that waits while it is looked at. */
export function toast(text, { stays = false, action = null } = {}) {
  const shelf = document.getElementById('toasts');
  if (!shelf || !text) return;
  const note = document.createElement('div');
  note.className = `toast${stays ? ' stays' : ''}`;
  const said = document.createElement('span');
  said.textContent = text;
  note.append(said);
  if (action) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = action.label;
    button.addEventListener('click', () => {
      close(shelf, note);
      action.press();
    });
    note.append(button);
  }
  if (stays) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'toast-close';
    button.textContent = '×';
    button.setAttribute('aria-label', shelf.dataset.close ?? text);
    button.addEventListener('click', () => close(shelf, note));
    note.append(button);
  }
  shelf.replaceChildren(note);
  shelf.classList.add('has-toast');
  if (stays) return;
  let timer = 0;
  const run = () => {
    timer = setTimeout(() => close(shelf, note), SHOWN_MS);
  };
  for (const [name, act] of [['mouseenter', () => clearTimeout(timer)], ['mouseleave', run], ['focusin', () => clearTimeout(timer)], ['focusout', run]]) note.addEventListener(name, act);
  run();
}
