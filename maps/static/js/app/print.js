/** The map page that was opened to be printed: ask for paper once everything in view is drawn. */
const container = window.tongchou?.map.getContainer();

function print() {
  requestAnimationFrame(() => setTimeout(() => window.print(), 300));
}

const waiting = Object.values(window.tongchou?.plate.payload.layers ?? {}).some((layer) => layer.remote);
if (waiting) container.addEventListener('tongchou:received', print, { once: true });
else if (container) print();
