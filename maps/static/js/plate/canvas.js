/** The Leaflet layer: two canvases in one moving element, redrawn when the view rests. */
/* global L */
import { bandAt } from './styles.js';
import { metresPerUnit, toWorld } from './decode.js';

const PADDING = 0.12;
const MOST_PIXELS = 40e6;

/** What a drawing needs to know about where it is: pixels are those of the zoom, relative to the pivot. */
export function makeView({ canvas, ratio, zoom, pivot, corner, width, height, inner }) {
  const ctx = canvas.getContext('2d');
  const scale = 2 ** zoom;
  const left = corner[0];
  const top = corner[1];
  const middle = pivot[1] + (top + height / 2) / scale;
  const lat = (2 * Math.atan(Math.exp((0.5 - middle / 256) * 2 * Math.PI)) - Math.PI / 2) * (180 / Math.PI);
  const mpp = metresPerUnit(lat) / scale;
  return {
    ctx, ratio, zoom, pivot, scale, left, top, width, height, mpp, inner,
    right: left + width,
    bottom: top + height,
    band: bandAt(mpp),
    world: (pad = 0) => [
      pivot[0] + (left - pad) / scale,
      pivot[1] + (top - pad) / scale,
      pivot[0] + (left + width + pad) / scale,
      pivot[1] + (top + height + pad) / scale,
    ],
    begin() {
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, canvas.width, canvas.height);
      ctx.setTransform(ratio, 0, 0, ratio, -left * ratio, -top * ratio);
      ctx.lineJoin = 'round';
      ctx.textBaseline = 'middle';
    },
  };
}

/** Size a canvas in CSS px for a device ratio. */
export function sizeCanvas(canvas, width, height, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

/** Leaflet's renderer moves and scales our element with the map; `draw(view)` and `mark(view)` fill it. */
export const PlateLayer = L.Renderer.extend({
  initialize(pivot, draw, mark) {
    L.Renderer.prototype.initialize.call(this, { padding: PADDING, pane: 'overlayPane' });
    this.pivot = pivot;
    this.draw = draw;
    this.mark = mark;
  },

  getEvents() {
    return { ...L.Renderer.prototype.getEvents.call(this), move: this._follow, resize: this._reset };
  },

  _initContainer() {
    const container = L.DomUtil.create('div', 'plate-canvas');
    this._container = container;
    this.canvases = [0, 1].map(() => {
      const canvas = L.DomUtil.create('canvas', '', container);
      canvas.setAttribute('aria-hidden', 'true');
      return canvas;
    });
  },

  _destroyContainer() {
    cancelAnimationFrame(this._frame);
    this._container.remove();
    delete this._container;
  },

  _updatePaths() {},

  /** While the map is dragged past the drawn margin, draw again before blank ground shows. */
  _follow() {
    if (!this._bounds || this._map._animatingZoom || this._map.getZoom() !== this._zoom) return;
    const size = this._map.getSize();
    const corner = this._map.containerPointToLayerPoint([0, 0]);
    if (this._bounds.contains(L.bounds(corner, corner.add(size)))) return;
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._map && this._update());
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    L.DomUtil.setPosition(this._container, this._bounds.min);
    const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (size.x * size.y || 1)));
    for (const canvas of this.canvases) {
      const wanted = Math.round(size.x * ratio);
      if (canvas.width !== wanted || canvas.height !== Math.round(size.y * ratio)) {
        sizeCanvas(canvas, size.x, size.y, ratio);
      }
    }
    this._ratio = ratio;
    this.redraw();
  },

  view(canvas) {
    const size = this._bounds.getSize();
    const map = this._map;
    const [x, y] = toWorld(map.getCenter().lng, map.getCenter().lat);
    const scale = 2 ** this._zoom;
    const half = map.getSize().divideBy(2);
    const seen = map.layerPointToContainerPoint(this._bounds.min);
    const innerLeft = (x - this.pivot[0]) * scale - half.x;
    const innerTop = (y - this.pivot[1]) * scale - half.y;
    return makeView({
      canvas,
      ratio: this._ratio,
      zoom: this._zoom,
      pivot: this.pivot,
      corner: [innerLeft + seen.x, innerTop + seen.y],
      width: size.x,
      height: size.y,
      inner: [innerLeft, innerTop, innerLeft + 2 * half.x, innerTop + 2 * half.y],
    });
  },

  redraw() {
    if (!this._bounds || !this._container) return;
    this.draw(this.view(this.canvases[0]));
    this.remark();
  },

  remark() {
    if (this._bounds && this._container) this.mark(this.view(this.canvases[1]));
  },
});
