/** The ground: town and district, green, water, streets, lanes, gates, trees, and what lies in a courtyard. */
import { contains, nearest, trace } from './paths.js';
import { faded } from './styles.js';

function each(plate, view, name, shape, kinds, visit) {
  for (const layer of plate.layersOf(name)) {
    if (layer.shape !== shape || layer.thinned) continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(...view.world(40))) {
      if (!kinds || kinds.has(layer.get('kind', i))) visit(layer, px, i);
    }
  }
}

/** Visit the ground features of a shape and kinds that are in view. */
export function eachGround(plate, view, shape, kinds, visit) {
  each(plate, view, 'ground', shape, new Set(kinds), visit);
}

function boundaryPath(plate, view, passes) {
  const { ctx } = view;
  ctx.beginPath();
  each(plate, view, 'boundaries', 'area', null, (layer, px, i) => {
    if (passes(layer, i)) trace(ctx, layer, px, i);
  });
}

/** Paper of the district. */
export function drawLand(plate, view) {
  const { ctx } = view;
  const S = plate.styles;
  if (!plate.layersOf('boundaries').length) {
    ctx.fillStyle = S.ground;
    ctx.fillRect(view.left, view.top, view.width, view.height);
    return;
  }
  boundaryPath(plate, view, () => true);
  ctx.fillStyle = S.ground;
  ctx.fill('nonzero');
}

function fillKinds(plate, view, kinds, colour) {
  const { ctx } = view;
  ctx.beginPath();
  eachGround(plate, view, 'area', kinds, (layer, px, i) => trace(ctx, layer, px, i));
  ctx.fillStyle = colour;
  ctx.fill('evenodd');
}

/** Green and water, as areas and as lines. */
export function drawGreen(plate, view) {
  if (!plate.visible.green) return;
  const { ctx } = view;
  const S = plate.styles;
  fillKinds(plate, view, ['green'], S.green);
  fillKinds(plate, view, ['water'], S.water);
  ctx.lineCap = 'butt';
  eachGround(plate, view, 'path', ['water', 'green'], (layer, px, i) => {
    ctx.beginPath();
    trace(ctx, layer, px, i);
    ctx.strokeStyle = layer.get('kind', i) === 'water' ? S.water : S.green;
    ctx.lineWidth = Math.max(2, (layer.get('width_m', i) ?? 8) / view.mpp);
    ctx.stroke();
  });
}

export function streetWidth(view, metres) {
  const wide = (metres ?? 0) >= 18;
  const least = view.band === 'far' ? (wide ? 4 : 2.5) : view.mpp > 3 ? (wide ? 7 : 4.5) : wide ? 13 : 8;
  return Math.max(least, view.mpp < 1 ? (metres ?? 0) / view.mpp : 0);
}

/** Whether a point lies on the white of a street or, from close by, of a lane. */
export function isOnStreet(plate, view, x, y) {
  const kinds = view.band === 'site' ? ['street', 'lane'] : ['street'];
  const reach = 30 / view.mpp / view.scale;
  const [wx, wy] = [view.pivot[0] + x / view.scale, view.pivot[1] + y / view.scale];
  for (const layer of plate.layersOf('ground')) {
    if (layer.shape !== 'path') continue;
    const px = layer.pixels(view.zoom, view.pivot);
    for (const i of layer.within(wx - reach, wy - reach, wx + reach, wy + reach)) {
      const kind = layer.get('kind', i);
      if (!kinds.includes(kind)) continue;
      const metres = layer.get('width_m', i);
      const width = kind === 'street' ? streetWidth(view, metres) : (metres ?? 4) / view.mpp;
      if (nearest(layer, px, i, x, y).distance < width / 2) return true;
    }
  }
  return false;
}

/** Streets, white on the ground. */
export function drawStreets(plate, view) {
  if (!plate.visible.streets) return;
  const { ctx } = view;
  const widths = new Map();
  eachGround(plate, view, 'path', ['street'], (layer, px, i) => {
    const width = streetWidth(view, layer.get('width_m', i));
    if (!widths.has(width)) widths.set(width, []);
    widths.get(width).push([layer, px, i]);
  });
  ctx.save();
  boundaryPath(plate, view, () => true);
  if (plate.layersOf('boundaries').length) ctx.clip('nonzero');
  ctx.lineCap = 'square';
  ctx.strokeStyle = plate.styles.surface;
  for (const [width, list] of widths) {
    ctx.beginPath();
    for (const [layer, px, i] of list) trace(ctx, layer, px, i);
    ctx.lineWidth = width;
    ctx.stroke();
  }
  fillKinds(plate, view, ['street'], plate.styles.surface);
  ctx.restore();
}

function townDash(ctx, S, colour) {
  ctx.strokeStyle = colour ?? S.ink2;
  ctx.lineWidth = 1.4;
  ctx.setLineDash([10, 4, 2, 4]);
  ctx.lineCap = 'butt';
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Add the edges of an area that no neighbour has drawn before, so that dashes do not run over each other. */
function edgesOnce(ctx, layer, px, i, drawn) {
  const at = (p) => `${Math.round(px[p])} ${Math.round(px[p + 1])}`;
  for (let s = layer.own[i]; s < layer.own[i + 1]; s++) {
    let pen = false;
    for (let p = 2 * layer.seq[s]; p < 2 * layer.seq[s + 1] - 2; p += 2) {
      const [a, b] = [at(p), at(p + 2)];
      const known = drawn.has(`${a} ${b}`) || drawn.has(`${b} ${a}`);
      if (!known) {
        if (!pen) ctx.moveTo(px[p], px[p + 1]);
        ctx.lineTo(px[p + 2], px[p + 3]);
        drawn.add(`${a} ${b}`);
      }
      pen = !known;
    }
  }
}

/** Town outlines; the neighbour of the chosen town is faded. */
export function drawTownEdges(plate, view) {
  if (!plate.visible.boundaries) return;
  const { ctx } = view;
  const S = plate.styles;
  const chosen = plate.state.town;
  const isTown = (layer, i) => layer.get('level', i) === 'town';
  if (chosen) {
    boundaryPath(plate, view, (layer, i) => isTown(layer, i) && layer.get('code', i) !== chosen);
    ctx.fillStyle = faded(view.paperWhite ? S.surface : S.outside, view.paperWhite ? 0.72 : 0.6);
    ctx.fill('nonzero');
    townDash(ctx, S, S.rule2);
  }
  const drawn = new Set();
  ctx.beginPath();
  each(plate, view, 'boundaries', 'area', null, (layer, px, i) => {
    if (isTown(layer, i) && (!chosen || layer.get('code', i) === chosen)) edgesOnce(ctx, layer, px, i, drawn);
  });
  townDash(ctx, S);
}

/** Whether a point lies outside the chosen town. */
export function isFaded(plate, view, x, y) {
  const code = plate.state.town;
  const found = code ? plate.townArea(code) : null;
  return found ? !contains(found.layer, found.layer.pixels(view.zoom, view.pivot), found.i, x, y) : false;
}

/** Draw only in the chosen town, when there is one. */
export function inTown(plate, view, draw) {
  const found = plate.state.town ? plate.townArea(plate.state.town) : null;
  if (!found) return draw();
  view.ctx.save();
  boundaryPath(plate, view, (layer, i) => layer === found.layer && i === found.i);
  view.ctx.clip('nonzero');
  draw();
  return view.ctx.restore();
}

/** Lanes over the fill of a community: a hairline of white, to scale from close by. */
export function drawLanes(plate, view) {
  if (!plate.visible.streets || view.band === 'far') return;
  const { ctx } = view;
  const S = plate.styles;
  const close = view.band === 'site';
  const lanes = [];
  eachGround(plate, view, 'path', ['lane'], (layer, px, i) => lanes.push([layer, px, i]));
  const stroke = (widen, colour) => {
    ctx.strokeStyle = colour;
    for (const [layer, px, i] of lanes) {
      ctx.beginPath();
      trace(ctx, layer, px, i);
      const scaled = (layer.get('width_m', i) ?? 4) / view.mpp;
      ctx.lineWidth = (close ? Math.max(3, scaled) : view.mpp > 3 ? 1 : Math.max(2, Math.min(scaled * 0.5, 5))) + widen;
      ctx.stroke();
    }
  };
  ctx.lineCap = 'butt';
  if (close) stroke(1.6, S.rule2);
  stroke(0, close ? S.surface : faded(S.surface, 0.82));
  if (close) fillKinds(plate, view, ['lane'], S.surface);
}

/** What lies in a courtyard, seen from close by: green, parking, places, kerbs, trees, poles. */
export function drawCourtyards(plate, view) {
  const { ctx } = view;
  const S = plate.styles;
  if (plate.visible.green) fillKinds(plate, view, ['green'], S.green);
  if (!plate.visible.details) return;
  fillKinds(plate, view, ['place'], S.yard);
  ctx.lineWidth = 0.8;
  ctx.strokeStyle = S.rule2;
  eachGround(plate, view, 'area', ['parking'], (layer, px, i) => drawParking(ctx, view, layer, px, i));
  ctx.beginPath();
  eachGround(plate, view, 'path', ['kerb', 'parking'], (layer, px, i) => trace(ctx, layer, px, i));
  ctx.stroke();
}

/** A parking area: its edge, and bays of 2.5 m along its longer side. */
function drawParking(ctx, view, layer, px, i) {
  ctx.beginPath();
  trace(ctx, layer, px, i);
  ctx.fillStyle = 'rgba(255,255,255,0.6)';
  ctx.fill();
  const s = 2 * layer.seq[layer.own[i]];
  if (2 * layer.seq[layer.own[i] + 1] - s === 10) {
    const p = [0, 1, 2, 3].map((k) => [px[s + 2 * k], px[s + 2 * k + 1]]);
    const side = (a, b) => Math.hypot(b[0] - a[0], b[1] - a[1]);
    const turned = side(p[0], p[1]) < side(p[1], p[2]);
    const [a, b, c, d] = turned ? [p[1], p[2], p[3], p[0]] : p;
    const bays = Math.round((side(a, b) * view.mpp) / 2.5);
    for (let k = 1; k < bays; k++) {
      const t = k / bays;
      ctx.moveTo(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t);
      ctx.lineTo(d[0] + (c[0] - d[0]) * t, d[1] + (c[1] - d[1]) * t);
    }
  }
  ctx.stroke();
}

/** Crowns of trees, poles as dots. */
export function drawTrees(plate, view) {
  if (!plate.visible.details) return;
  const { ctx } = view;
  const S = plate.styles;
  const spots = (kind, radius, colour) => {
    ctx.beginPath();
    eachGround(plate, view, 'spot', [kind], (layer, px, i) => {
      ctx.moveTo(px[2 * i] + radius, px[2 * i + 1]);
      ctx.arc(px[2 * i], px[2 * i + 1], radius, 0, 2 * Math.PI);
    });
    ctx.fillStyle = colour;
    ctx.fill();
  };
  spots('tree', Math.max(2.5, Math.min(1.9 / view.mpp, 14)), S.crown);
  if (view.mpp < 0.2) spots('tree', 1.3, S.trunk);
  spots('pole', 1.6, S.ink3);
}

/** Gates: a dot from afar, two posts and a gap in the wall from close by. */
export function drawGates(plate, view) {
  if (!plate.visible.details || view.band === 'far' || view.mpp > 4) return;
  const { ctx } = view;
  const S = plate.styles;
  eachGround(plate, view, 'spot', ['gate'], (layer, px, i) => {
    const [x, y] = [px[2 * i], px[2 * i + 1]];
    if (view.band !== 'site') {
      ctx.beginPath();
      ctx.arc(x, y, 2.2, 0, 2 * Math.PI);
      ctx.fillStyle = S.surface;
      ctx.fill();
      ctx.strokeStyle = S.ink;
      ctx.lineWidth = 1;
      ctx.stroke();
      return;
    }
    const half = Math.max(4, (layer.get('width_m', i) ?? 6) / 2 / view.mpp);
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(wallAngle(plate, view, layer, i, x, y));
    ctx.fillStyle = S.surface;
    ctx.fillRect(-half, -1.6, 2 * half, 3.2);
    ctx.fillStyle = S.ink;
    ctx.fillRect(-half - 5, -2.75, 5.5, 5.5);
    ctx.fillRect(half - 0.5, -2.75, 5.5, 5.5);
    ctx.restore();
  });
}

/** Direction of the community wall at a gate, found once. */
function wallAngle(plate, view, layer, i, x, y) {
  layer.angles ??= new Map();
  if (!layer.angles.has(i)) {
    let best = { distance: 12 / view.mpp, angle: 0 };
    const [wx, wy] = [layer.xy[2 * i], layer.xy[2 * i + 1]];
    const reach = 12 / view.mpp / view.scale;
    for (const communities of plate.layersOf('communities')) {
      if (communities.thinned) continue;
      const cpx = communities.pixels(view.zoom, view.pivot);
      for (const c of communities.within(wx - reach, wy - reach, wx + reach, wy + reach)) {
        const near = nearest(communities, cpx, c, x, y);
        if (near.distance < best.distance) best = near;
      }
    }
    layer.angles.set(i, best.angle);
  }
  return layer.angles.get(i);
}
