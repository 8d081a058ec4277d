/** A shape that is being drawn: runs of points in degrees, with every step to go back to. */

const LEAST = { path: 2, area: 3 };
const STEPS_KEPT = 200;

function copied(runs) {
  return runs.map((run) => run.map((point) => [...point]));
}

/** Rings come closed in GeoJSON and are kept open here. */
function opened(ring) {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  return first && last && ring.length > 1 && first[0] === last[0] && first[1] === last[1] ? ring.slice(0, -1) : ring;
}

function closed(ring) {
  return ring.length ? [...ring, ring[0]] : [];
}

export class Shape {
  /** `kind` is path or area; `geometry` is GeoJSON or null for one to be drawn. */
  constructor(kind, geometry = null) {
    this.kind = kind;
    this.type = geometry?.type ?? (kind === 'path' ? 'LineString' : 'Polygon');
    this.ringsOf = null;
    this.runs = this.#read(geometry);
    this.past = [];
    this.future = [];
    this.opened = JSON.stringify(this.runs);
  }

  #read(geometry) {
    if (!geometry) return [[]];
    const { type, coordinates } = geometry;
    const flat = (points) => points.map(([x, y]) => [x, y]);
    if (type === 'LineString') return [flat(coordinates)];
    if (type === 'MultiLineString') return coordinates.map(flat);
    const polygons = type === 'Polygon' ? [coordinates] : coordinates;
    this.ringsOf = polygons.map((rings) => rings.length);
    return polygons.flatMap((rings) => rings.map((ring) => opened(flat(ring))));
  }

  /** What is drawn as GeoJSON, of the type it came as; null while it is too little. */
  geometry() {
    if (!this.isWhole()) return null;
    if (this.kind === 'path') {
      return this.type === 'MultiLineString' ? { type: this.type, coordinates: copied(this.runs) } : { type: 'LineString', coordinates: copied(this.runs)[0] };
    }
    const rings = this.runs.map(closed);
    if (this.type !== 'MultiPolygon') return { type: 'Polygon', coordinates: rings };
    const coordinates = [];
    let at = 0;
    for (const count of this.ringsOf) coordinates.push(rings.slice(at, (at += count)));
    return { type: 'MultiPolygon', coordinates };
  }

  get least() {
    return LEAST[this.kind];
  }

  get count() {
    return this.runs.reduce((sum, run) => sum + run.length, 0);
  }

  isWhole() {
    return this.runs.length > 0 && this.runs.every((run) => run.length >= this.least);
  }

  isChanged() {
    return JSON.stringify(this.runs) !== this.opened;
  }

  /** Remember how it is before something is done to it. */
  step() {
    this.past.push(copied(this.runs));
    if (this.past.length > STEPS_KEPT) this.past.shift();
    this.future = [];
  }

  add(point) {
    this.step();
    this.runs[this.runs.length - 1].push(point);
  }

  insert(run, after, point) {
    this.step();
    this.runs[run].splice(after + 1, 0, point);
  }

  /** Move without a step: one drag is one step, taken at its beginning. */
  move(run, at, point) {
    this.runs[run][at] = point;
  }

  canRemove(run) {
    return this.runs[run].length > this.least;
  }

  remove(run, at) {
    this.step();
    this.runs[run].splice(at, 1);
  }

  clear() {
    this.step();
    this.runs = [[]];
    this.ringsOf = this.kind === 'area' ? [1] : null;
    this.type = this.kind === 'path' ? 'LineString' : 'Polygon';
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(copied(this.runs));
    this.runs = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(copied(this.runs));
    this.runs = this.future.pop();
    return true;
  }

  /** Length in metres of each run's segments; `project` gives easting and northing. */
  lengths(project) {
    return this.runs.map((run) => {
      const flat = (this.kind === 'area' && run.length > 2 ? closed(run) : run).map(project);
      return flat.slice(1).map(([x, y], k) => Math.hypot(x - flat[k][0], y - flat[k][1]));
    });
  }

  length(project) {
    return this.lengths(project).flat().reduce((sum, one) => sum + one, 0);
  }

  /** Square metres; holes, which run the other way round, are taken off by the caller's ring order. */
  area(project) {
    if (this.kind === 'path') return 0;
    let at = 0;
    let sum = 0;
    for (const count of this.ringsOf ?? [1]) {
      for (let k = 0; k < count; k++, at++) sum += (k ? -1 : 1) * ringArea((this.runs[at] ?? []).map(project));
    }
    return sum;
  }

  /** Whether an outline crosses itself. */
  crosses() {
    if (this.kind === 'path') return false;
    return this.runs.some((run) => ringCrosses(run));
  }
}

function ringArea(points) {
  const twice = points.reduce((sum, [x, y], k) => {
    const [u, v] = points[(k + 1) % points.length];
    return sum + x * v - u * y;
  }, 0);
  return Math.abs(twice) / 2;
}

function side([ax, ay], [bx, by], [cx, cy]) {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

function ringCrosses(run) {
  const n = run.length;
  for (let i = 0; i < n; i++) {
    for (let k = i + 2; k < n; k++) {
      if (i === 0 && k === n - 1) continue;
      const [a, b, c, d] = [run[i], run[(i + 1) % n], run[k], run[(k + 1) % n]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
    }
  }
  return false;
}
