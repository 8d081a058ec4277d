/** Columnar layers to typed arrays, decoded once: web-mercator units of zoom 0 (256 wide), one index per layer. */
import Flatbush from 'flatbush';

const RADIANS = Math.PI / 180;

/** Longitude and latitude in degrees to web-mercator units of zoom 0. */
export function toWorld(lon, lat) {
  const y = Math.log(Math.tan(Math.PI / 4 + (lat * RADIANS) / 2));
  return [((lon + 180) / 360) * 256, (0.5 - y / (2 * Math.PI)) * 256];
}

/** Web-mercator units of zoom 0 to longitude and latitude in degrees. */
export function fromWorld(x, y) {
  const lat = 2 * Math.atan(Math.exp((0.5 - y / 256) * 2 * Math.PI)) - Math.PI / 2;
  return [(x / 256) * 360 - 180, lat / RADIANS];
}

/** Metres on the ground per unit of zoom 0 at that latitude. */
export function metresPerUnit(lat) {
  return (40075016.686 * Math.cos(lat * RADIANS)) / 256;
}

function counting(length) {
  return Int32Array.from({ length }, (_, i) => i);
}

/** Sequences (rings or parts) that belong to each feature, whatever the shape. */
function ownership(raw, pairs) {
  if (raw.shape === 'spot') return { own: counting(pairs + 1), seq: counting(pairs + 1) };
  const features = Int32Array.from(raw.features ?? [0]);
  const parts = Int32Array.from(raw.parts ?? [0]);
  if (raw.shape === 'path') return { own: features, seq: parts };
  return { own: features.map((part) => parts[part]), seq: Int32Array.from(raw.rings ?? [0]) };
}

/** One decoded layer: `own[i]..own[i+1]` are the sequences of feature i, `seq[s]..seq[s+1]` their pairs. */
export class Layer {
  constructor(name, raw) {
    this.name = name;
    this.shape = raw.shape;
    this.ids = raw.id ?? [];
    this.columns = raw.columns ?? {};
    this.count = this.ids.length;
    this.thinned = false;
    this.xy = this.#coordinates(raw);
    Object.assign(this, ownership(raw, this.xy.length / 2));
    this.#boxes();
    this.zoom = null;
  }

  #coordinates(raw) {
    const deltas = raw.xy ?? [];
    const out = new Float64Array(deltas.length);
    const [lon0, lat0] = raw.origin ?? [0, 0];
    const step = raw.step ?? 1;
    let x = 0;
    let y = 0;
    for (let i = 0; i < deltas.length; i += 2) {
      x += deltas[i];
      y += deltas[i + 1];
      const [wx, wy] = toWorld(lon0 + x * step, lat0 + y * step);
      out[i] = wx;
      out[i + 1] = wy;
    }
    return out;
  }

  #boxes() {
    const { own, seq, xy, count } = this;
    this.box = new Float64Array(4 * count);
    this.placed = [];
    for (let i = 0; i < count; i++) {
      let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let p = 2 * seq[own[i]], end = 2 * seq[own[i + 1]]; p < end; p += 2) {
        if (xy[p] < x0) x0 = xy[p];
        if (xy[p] > x1) x1 = xy[p];
        if (xy[p + 1] < y0) y0 = xy[p + 1];
        if (xy[p + 1] > y1) y1 = xy[p + 1];
      }
      this.box.set([x0, y0, x1, y1], 4 * i);
      if (x1 >= x0) this.placed.push(i);
    }
    this.index = null;
    if (!this.placed.length) return;
    this.index = new Flatbush(this.placed.length);
    for (const i of this.placed) {
      this.index.add(this.box[4 * i], this.box[4 * i + 1], this.box[4 * i + 2], this.box[4 * i + 3]);
    }
    this.index.finish();
  }

  /** Value of a column at feature i; missing is null. */
  get(column, i) {
    return this.columns[column]?.[i] ?? null;
  }

  /** Number of a feature by its id, or -1. */
  find(id) {
    this.numbers ??= new Map(this.ids.map((key, i) => [String(key), i]));
    return this.numbers.get(String(id)) ?? -1;
  }

  /** Ascending numbers of the features whose box meets the box, in units of zoom 0. */
  within(x0, y0, x1, y1) {
    const index = this.index;
    if (!index) return [];
    if (x0 <= index.minX && y0 <= index.minY && x1 >= index.maxX && y1 >= index.maxY) return this.placed;
    return index.search(x0, y0, x1, y1).map((k) => this.placed[k]).sort((a, b) => a - b);
  }

  /** Coordinates in pixels of that zoom, relative to the pivot; kept until the zoom changes. */
  pixels(zoom, pivot) {
    if (this.zoom !== zoom) {
      const scale = 2 ** zoom;
      this.px ??= new Float64Array(this.xy.length);
      for (let i = 0; i < this.xy.length; i += 2) {
        this.px[i] = (this.xy[i] - pivot[0]) * scale;
        this.px[i + 1] = (this.xy[i + 1] - pivot[1]) * scale;
      }
      this.zoom = zoom;
    }
    return this.px;
  }

  /** Box of a feature in pixels: left, top, right, bottom. */
  pixelBox(i, zoom, pivot) {
    const scale = 2 ** zoom;
    const b = 4 * i;
    return [
      (this.box[b] - pivot[0]) * scale,
      (this.box[b + 1] - pivot[1]) * scale,
      (this.box[b + 2] - pivot[0]) * scale,
      (this.box[b + 3] - pivot[1]) * scale,
    ];
  }
}

const PARTS = { areas: 'area', paths: 'path', spots: 'spot' };

/** Decode one layer of the payload: a list, because a mixed layer has areas, paths and spots. */
export function decode(name, raw, thinned = false) {
  if (!raw || raw.remote) return [];
  if (raw.shape !== 'mixed') {
    const layer = new Layer(name, raw);
    layer.thinned = thinned;
    return [layer];
  }
  return Object.keys(PARTS)
    .filter((part) => raw[part])
    .map((part) => new Layer(name, { ...raw[part], shape: raw[part].shape ?? PARTS[part] }));
}
