/** The tree of layers: groups, counts, checkboxes. */
import { make } from './dom.js';
import { grouped } from './words.js';
import { strokeMark } from './facts.js';

let serial = 0;

function countOf(plate, name, passes = () => true) {
  const raw = plate.payload.layers?.[name];
  if (raw?.remote) return raw.count;
  return plate.layersOf(name).reduce((sum, layer) => sum + Array.from({ length: layer.count }, (_, i) => i).filter((i) => passes(layer, i)).length, 0);
}

function groundCount(plate, kinds) {
  const wanted = new Set(kinds);
  return countOf(plate, 'ground', (layer, i) => wanted.has(layer.get('kind', i)));
}

/** Groups of the tree: a title and its rows, each a key of `plate.visible`, a word and a count. */
function groups(plate) {
  const { word } = plate;
  const kinds = Object.entries(plate.payload.summary?.lines ?? {}).map(([style, { existing = 0, planned = 0 }]) => ({
    key: `line.${style}`, text: word(`utility.${style}`), count: existing + planned, style,
  }));
  return [
    {
      key: null, text: word('map.group_programme'),
      rows: [
        { key: 'communities', text: word('map.layer.communities'), count: countOf(plate, 'communities') },
        { key: 'buildings', text: word('map.layer.buildings'), count: countOf(plate, 'buildings') },
        { key: 'digs', text: word('map.layer.digs'), count: countOf(plate, 'digs') },
      ],
    },
    {
      key: 'lines', text: word('map.layer.lines'), count: countOf(plate, 'lines'),
      rows: [...kinds, { key: 'nodes', text: word('map.layer.nodes'), count: countOf(plate, 'nodes') }],
    },
    {
      key: null, text: word('map.layer.ground'),
      rows: [
        { key: 'boundaries', text: word('map.layer.boundaries'), count: countOf(plate, 'boundaries') },
        { key: 'streets', text: word('map.group_streets'), count: groundCount(plate, ['street', 'lane']) },
        { key: 'green', text: word('map.group_green'), count: groundCount(plate, ['green', 'water']) },
        { key: 'details', text: word('map.group_details'), count: groundCount(plate, ['gate', 'tree', 'pole', 'parking', 'place', 'kerb']) },
        { key: 'names', text: word('map.layer.names') },
      ],
    },
  ];
}

function row(plate, { key, text, count, style }) {
  const id = `plate-layer-${++serial}`;
  const box = make('input', { type: 'checkbox', id, 'data-layer': key, on: { change: () => plate.show(key, box.checked) } });
  box.checked = plate.visible[key] !== false;
  return make(
    'div', { class: 'plate-layer' },
    box,
    make('label', { for: id }, style ? strokeMark(plate, style, style === 'FQ' ? 'abandoned' : 'in_service') : null, make('span', { text })),
    count === undefined ? null : make('span', { class: 'plate-count', text: grouped(count) }),
  );
}

/** A checkbox for a whole group: on, off, or between. */
function groupHead(plate, group) {
  const id = `plate-layer-${++serial}`;
  const keys = group.key ? [group.key] : group.rows.map(({ key }) => key);
  const box = make('input', { type: 'checkbox', id, on: { change: () => keys.forEach((key) => plate.show(key, box.checked)) } });
  const on = keys.filter((key) => plate.visible[key] !== false).length;
  box.checked = on === keys.length;
  box.indeterminate = on > 0 && on < keys.length;
  return make('div', { class: 'plate-layer is-group' }, box, make('label', { for: id, text: group.text }), group.count === undefined ? null : make('span', { class: 'plate-count', text: grouped(group.count) }));
}

/** The pane of layers: `element`, and `refresh()` when it opens. */
export function layersPane(plate) {
  const element = make('div', { class: 'plate-pane plate-layers', role: 'group', 'aria-label': plate.word('map.layers'), hidden: true });
  function refresh() {
    const focused = document.activeElement?.dataset?.layer;
    const made = groups(plate).map((group) =>
      make('div', { class: `plate-layer-group${group.key && plate.visible[group.key] === false ? ' is-off' : ''}`, role: 'group', 'aria-label': group.text }, groupHead(plate, group), ...group.rows.map((one) => row(plate, one))),
    );
    element.replaceChildren(...made);
    if (focused) element.querySelector(`[data-layer="${focused}"]`)?.focus();
  }
  plate.map.getContainer().addEventListener('tongchou:visible', () => !element.hidden && refresh());
  return { element, refresh };
}
