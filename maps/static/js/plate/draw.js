/** One redraw, bottom up: ground, communities, buildings, trenches, lines, symbols, codes, names. */
import {
  drawLand, drawGreen, drawStreets, drawTownEdges, drawLanes, drawCourtyards, drawTrees, drawGates, inTown,
} from './draw_ground.js';
import {
  surveyCommunities, drawCommunityFills, drawCommunityEdges, drawBuildings, drawWorkMarks, drawThinned, isOutlined,
} from './draw_communities.js';
import { surveyLines, drawLines, surveyNodes, drawNodes } from './draw_lines.js';
import { surveyDigs, drawDigs, drawFlags } from './draw_digs.js';
import { placeCodes, drawCodes } from './codes.js';
import { takeCommunities, placeNames, drawNames } from './labels.js';
import { placeStreetNames, drawStreetNames, drawTownNames, drawBuildingTexts, drawPlaceNames } from './label_ground.js';
import { Room } from './room.js';

/** Kinds of ground that only the closest scale draws. */
const CLOSE = new Set(['tree', 'pole', 'kerb', 'parking', 'place', 'wall']);

/** Draw everything into the view; gives the counts of what the reader sees. */
export function drawPlate(plate, view) {
  view.begin();
  const communities = surveyCommunities(plate, view);
  const lines = surveyLines(plate, view);
  const nodes = surveyNodes(plate, view);
  const digs = surveyDigs(plate, view);
  drawLand(plate, view);
  drawGreen(plate, view);
  drawStreets(plate, view);
  drawTownEdges(plate, view);
  drawCommunityFills(plate, view, communities);
  inTown(plate, view, () => {
    if (view.band === 'site' || (isOutlined(plate, view) && view.band === 'near')) drawCourtyards(plate, view);
    drawLanes(plate, view);
    if (view.band === 'site') drawTrees(plate, view);
  });
  drawThinned(plate, view);
  drawBuildings(plate, view);
  drawCommunityEdges(plate, view, communities);
  drawWorkMarks(plate, view, communities);
  inTown(plate, view, () => drawGates(plate, view));
  drawDigs(plate, view, digs);
  drawLines(plate, view, lines);
  drawNodes(plate, view, nodes);
  const codes = placeCodes(plate, view, lines, nodes);
  drawCodes(plate, view, codes);
  drawTexts(plate, view, { communities, digs, lines, codes });
  return countDrawn(plate, view, { communities, lines, nodes, digs });
}

function drawTexts(plate, view, { communities, digs, lines, codes }) {
  const room = new Room();
  takeCommunities(view, communities, room);
  for (const box of view.paperWhite ? [] : plate.covered()) {
    const [x, y] = view.inner;
    room.take(x + box[0], y + box[1], x + box[2], y + box[3]);
  }
  for (const { line } of codes) for (const [x, y] of line) room.take(x - 5, y - 5, x + 5, y + 5);
  const names = placeNames(plate, view, communities, room);
  drawStreetNames(plate, view, placeStreetNames(plate, view, room, lines));
  drawBuildingTexts(plate, view);
  drawTownNames(plate, view, communities, names);
  drawPlaceNames(plate, view, room);
  drawNames(plate, view, names);
  drawFlags(plate, view, digs, room);
}

function isSeen(view, layer, i) {
  const [x0, y0, x1, y1] = layer.pixelBox(i, view.zoom, view.pivot);
  const [l, t, r, b] = view.inner;
  return x1 >= l && x0 <= r && y1 >= t && y0 <= b;
}

function countDrawn(plate, view, lists) {
  const drawn = {};
  for (const [name, list] of Object.entries(lists)) {
    drawn[name] = list.filter(({ layer, i, on }) => on && isSeen(view, layer, i)).length;
  }
  drawn.boundaries = plate.visible.boundaries ? countLayer(plate, view, 'boundaries') : 0;
  drawn.buildings = plate.visible.buildings && view.band !== 'far' ? countLayer(plate, view, 'buildings') : 0;
  drawn.ground = countLayer(plate, view, 'ground', (layer, i) => view.band === 'site' || !CLOSE.has(layer.get('kind', i)));
  for (const name of ['communities', 'buildings']) {
    for (const layer of plate.layersOf(name)) {
      if (!layer.thinned || !plate.visible[name]) continue;
      for (const i of layer.within(...view.world())) drawn[name] += layer.get('count', i) ?? 1;
    }
  }
  return drawn;
}

function countLayer(plate, view, name, passes = () => true) {
  let count = 0;
  for (const layer of plate.layersOf(name)) {
    if (layer.thinned) continue;
    for (const i of layer.within(...view.world())) if (layer.match[i] && passes(layer, i) && isSeen(view, layer, i)) count++;
  }
  return count;
}
