/** One short question over the page, answered by one of two buttons; Escape is no. */
import { make } from '../plate/dom.js';
import { word } from './words.js';

/** Resolves to true only when `go` is pressed. `lines` are further texts; what is `lossy` is not the main button. */
export function confirmed({ title, text, lines = [], go, stay = word('cancel'), lossy = false }) {
  return new Promise((answer) => {
    const back = document.activeElement;
    const yes = make('button', { type: 'button', class: lossy ? 'button' : 'button primary', text: go });
    const no = make('button', { type: 'button', class: lossy ? 'button primary' : 'button', text: stay });
    const dialog = make('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' },
      make('h2', { id: 'ask-title', text: title }), text ? make('p', { text }) : null,
      lines.length ? make('ul', {}, ...lines.map((line) => make('li', { text: line }))) : null,
      make('div', { class: 'ask-foot' }, ...(lossy ? [no, yes] : [yes, no])));
    const end = (value) => {
      dialog.close();
      dialog.remove();
      if (back?.isConnected) back.focus({ preventScroll: true });
      answer(value);
    };
    yes.addEventListener('click', () => end(true));
    no.addEventListener('click', () => end(false));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      end(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
