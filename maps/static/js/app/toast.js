/** One line at the lower left; errors stay until the next one. */
export function toast(text, stays = false) {
  const shelf = document.getElementById('toasts');
  if (!shelf || !text) return;
  const note = document.createElement('div');
  note.className = 'toast';
  note.textContent = text;
  shelf.replaceChildren(note);
  if (!stays) setTimeout(() => note.remove(), 6000);
}
