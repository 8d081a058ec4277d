/** How long and how large a GeoJSON shape is in the district's own metres. */
/* global proj4 */
import { Shape } from './shape.js';

const NEAR = [85_000, 111_320];

/** `{length, area, points, runs}` of a geometry; runs in metres, rings closed. */
export function measurer(plate) {
  const grid = plate ? proj4(plate.payload.crs.proj4) : null;
  const flat = (point) => (grid ? grid.forward([...point]) : point.map((degree, k) => degree * NEAR[k]));
  return (geometry) => {
    const shape = new Shape(geometry.type.endsWith('Polygon') ? 'area' : 'path', geometry);
    const runs = shape.runs.map((run) => (shape.kind === 'area' && run.length ? [...run, run[0]] : run).map(flat));
    return { length: shape.length(flat), area: shape.area(flat), points: shape.count, runs };
  };
}
