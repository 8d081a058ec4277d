/** The panel as a sheet on the phone: three stops, by drag and by buttons. */
const STOPS = ['peek', 'half', 'full'];

function move(panel, by) {
  const now = STOPS.indexOf(panel.dataset.stop);
  panel.dataset.stop = STOPS[Math.min(Math.max(now + by, 0), STOPS.length - 1)];
}

function nearest(panel, height) {
  const whole = panel.parentElement.clientHeight;
  const stops = { peek: 88, half: 0.45 * whole, full: whole - 8 };
  return STOPS.reduce((best, stop) => (Math.abs(stops[stop] - height) < Math.abs(stops[best] - height) ? stop : best));
}

function addDrag(panel, grip) {
  let start = null;
  grip.addEventListener('pointerdown', (event) => {
    if (event.target.closest('button')) return;
    start = { y: event.clientY, height: panel.clientHeight };
    grip.setPointerCapture(event.pointerId);
    panel.style.transition = 'none';
  });
  grip.addEventListener('pointermove', (event) => {
    if (start) panel.style.height = `${Math.max(88, start.height + start.y - event.clientY)}px`;
  });
  const end = (event) => {
    if (!start) return;
    const moved = Math.abs(event.clientY - start.y);
    const height = panel.clientHeight;
    start = null;
    panel.style.transition = '';
    panel.style.height = '';
    if (moved < 4) panel.dataset.stop = panel.dataset.stop === 'peek' ? 'half' : 'peek';
    else panel.dataset.stop = nearest(panel, height);
  };
  grip.addEventListener('pointerup', end);
  grip.addEventListener('pointercancel', end);
}

export function addSheet(panel) {
  const grip = panel?.querySelector('.sheet-grip');
  if (!grip || grip.dataset.ready) return;
  grip.dataset.ready = '1';
  for (const button of grip.querySelectorAll('[data-sheet]')) {
    button.addEventListener('click', () => move(panel, button.dataset.sheet === 'up' ? 1 : -1));
  }
  addDrag(panel, grip);
}
