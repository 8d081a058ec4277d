/** The legend with counts: what each theme shows, on screen and on paper; a press filters. */
import { make, isNarrow } from './dom.js';
import { icon } from './icons.js';
import { corner } from './corners.js';
import { strokeMark } from './facts.js';
import { grouped } from './words.js';

function swatch(plate, { fill, late, dash, share, kind }) {
  const mark = make('span', { class: `plate-swatch${late ? ' is-late' : ''}${dash ? ' is-dashed' : ''}${kind ? ` is-${kind}` : ''}`, 'aria-hidden': 'true' });
  if (fill) mark.style.background = fill;
  if (share) mark.style.background = `linear-gradient(90deg,${plate.styles.teal} ${share * 100}%,${plate.styles.surface} ${share * 100}%)`;
  if (kind === 'done') mark.append(icon('tick'));
  return mark;
}

function coloured({ text, colour }) {
  const element = make('b', { class: 'plate-legend-code', text });
  element.style.color = colour;
  return element;
}

/** One row: a mark, a word, one or more figures; a button where it filters. */
function row({ mark, code, text, figures = [], pressed, press }) {
  const cells = [
    mark,
    code ? coloured(code) : null,
    make('span', { class: 'plate-legend-text', text }),
    ...figures.map((figure, k) => make('span', { class: k ? 'plate-count is-second' : 'plate-count', text: figure })),
  ];
  if (!press) return make('div', { class: 'plate-legend-row' }, ...cells);
  return make('button', { class: 'plate-legend-row', type: 'button', 'aria-pressed': String(Boolean(pressed)), on: { click: press } }, ...cells);
}

function toggled(list, code) {
  const chosen = new Set((list ?? '').split(',').filter(Boolean));
  if (!chosen.delete(code)) chosen.add(code);
  return [...chosen].join(',');
}

function progressRows(plate, live) {
  const { word, styles, state } = plate;
  const summary = plate.payload.summary ?? {};
  const people = (value) => word('unit.households', { value: grouped(value ?? 0) });
  const chosen = new Set((state.stage ?? '').split(','));
  const rows = styles.stageOrder.map((code) => {
    const { communities = 0, households = 0 } = summary.stages?.[code] ?? {};
    return row({
      mark: swatch(plate, { fill: styles.stage(code).fill }),
      text: word(`stage.${code}`), figures: [grouped(communities), people(households)],
      pressed: chosen.has(code), press: live && (() => plate.change({ stage: toggled(state.stage, code) })),
    });
  });
  const late = summary.late ?? {};
  rows.push(row({
    mark: swatch(plate, { late: true }), text: word('map.late_legend'), figures: [grouped(late.communities ?? 0), people(late.households)],
    pressed: state.late, press: live && (() => plate.change({ late: state.late ? '' : '1' })),
  }));
  return rows;
}

function worksRows(plate, live) {
  const { word, state } = plate;
  const works = Object.entries(plate.payload.summary?.works ?? {});
  const reading = [
    row({ mark: swatch(plate, { fill: plate.styles.azurite, kind: 'done' }), text: word('map.work_done') }),
    row({ mark: swatch(plate, { share: 0.55 }), text: word('map.work_doing') }),
    row({ mark: swatch(plate, { fill: plate.styles.surface }), text: word('map.work_not_begun') }),
    row({ mark: swatch(plate, { late: true }), text: word('map.late_legend') }),
    row({ mark: swatch(plate, { kind: 'dot' }), text: word('map.work_out') }),
  ];
  const items = works.map(([code, { in_scope: scope = 0, done = 0 }]) =>
    row({
      text: word(`work.${code}`), figures: [word('map.works_done', { done, scope })],
      pressed: state.work === code, press: live && (() => plate.change({ work: state.work === code ? '' : code })),
    }),
  );
  const shown = live ? items : items.filter((_, k) => !state.work || works[k][0] === state.work);
  return [make('div', { class: 'plate-legend-reading' }, ...reading), make('div', { class: 'plate-legend-head', text: word('map.works_title') }), make('div', { class: 'plate-legend-items' }, ...shown)];
}

function linesRows(plate, live) {
  const { word, state, styles } = plate;
  const rows = Object.entries(plate.payload.summary?.lines ?? {}).map(([style, { existing = 0, planned = 0 }]) =>
    row({
      mark: strokeMark(plate, style, style === 'FQ' ? 'abandoned' : 'in_service'),
      code: style === 'FQ' ? null : { text: style, colour: styles.line(style).text },
      text: word(`utility.${style}`), figures: [grouped(existing), style === 'FQ' ? '' : grouped(planned)],
      pressed: state.kind === style, press: live && (() => plate.change({ kind: state.kind === style ? '' : style })),
    }),
  );
  const head = make('div', { class: 'plate-legend-columns' }, make('span', { text: word('map.existing') }), make('span', { text: word('map.planned') }));
  return [head, ...rows, row({ mark: strokeMark(plate, 'QT', 'planned'), text: word('map.planned') }), ...(live ? lineFilters(plate) : [])];
}

function digRows(plate) {
  const counts = new Map();
  for (const layer of plate.layersOf('digs')) {
    for (let i = 0; i < layer.count; i++) counts.set(layer.get('style', i), (counts.get(layer.get('style', i)) ?? 0) + 1);
  }
  const order = Object.keys(plate.styles.lineKinds).filter((style) => counts.has(style));
  return order.map((style) => {
    const { line, text } = plate.styles.line(style);
    const mark = make('span', { class: 'plate-swatch is-dig', 'aria-hidden': 'true' });
    mark.style.setProperty('--stroke', line);
    return row({ mark, code: { text: style, colour: text }, text: plate.word(`utility.${style}`), figures: [grouped(counts.get(style))] });
  });
}

/** Investment by town; the sources of the money come with their own issue. */
function fundingRows(plate) {
  const { towns = {}, totals = {} } = plate.payload.summary ?? {};
  const own = plate.state.town ? Object.entries(towns).filter(([code]) => code === plate.state.town) : Object.entries(towns);
  const rows = own.map(([, town]) => row({ text: town.name, figures: [plate.money(town.investment_yuan ?? 0)] }));
  if (own.length > 1) rows.push(row({ text: plate.word('map.legend_all'), figures: [plate.money(totals.investment_yuan ?? 0)] }));
  return rows;
}

function options(plate, name) {
  const found = new Map();
  for (const layer of [...plate.layersOf('lines'), ...plate.layersOf('digs')]) {
    for (let i = 0; i < layer.count; i++) {
      if (name === 'owner' && layer.get('owner', i)) found.set(layer.get('owner', i), layer.get('owner_name', i) ?? layer.get('owner', i));
      if (name === 'month') for (const month of monthsOf(layer, i)) found.set(month, month);
    }
  }
  return [...found].sort((a, b) => String(a[name === 'month' ? 0 : 1]).localeCompare(String(b[name === 'month' ? 0 : 1])));
}

function monthsOf(layer, i) {
  const [from, to] = [layer.get('month_from', i), layer.get('month_to', i)];
  if (!from || !to) return [];
  const index = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
  const out = [];
  for (let k = index(from); k <= index(to) && out.length < 60; k++) out.push(`${Math.floor(k / 12)}-${String((k % 12) + 1).padStart(2, '0')}`);
  return out;
}

/** Existing or planned, owner and month. */
function lineFilters(plate) {
  const { word, state } = plate;
  const states = [['', 'map.legend_all'], ['existing', 'map.existing'], ['planned', 'map.planned']].map(([value, key]) =>
    make('button', { type: 'button', 'aria-pressed': String((state.state ?? '') === value), text: word(key), on: { click: () => plate.change({ state: value }) } }),
  );
  const select = (name, all) => {
    const list = options(plate, name);
    const element = make('select', { 'aria-label': word(`field.${name}`), 'data-filter': name, on: { change: () => plate.change({ [name]: element.value }) } }, make('option', { value: '', text: word(all) }), ...list.map(([value, text]) => make('option', { value, text })));
    element.value = state[name] ?? '';
    return element;
  };
  return [make('div', { class: 'plate-segments', role: 'group' }, ...states), select('owner', 'map.owner_all'), select('month', 'map.month_all')];
}

const ROWS = {
  progress: progressRows,
  works: worksRows,
  lines: linesRows,
  coordination: digRows,
  funding: fundingRows,
};

/** Rows of the legend of the current theme; `live` ones filter. */
export function legendRows(plate, live) {
  return (ROWS[plate.theme] ?? progressRows)(plate, live);
}

/** The short list of signs that every sheet of paper explains beside the theme's own. */
export function signRows(plate) {
  const { word, payload } = plate;
  const gates = plate.layersOf('ground').reduce((sum, layer) => sum + (layer.columns.kind ?? []).filter((kind) => kind === 'gate').length, 0);
  const schematic = plate.isSchematic() ? ` (${word('map.schematic')})` : '';
  return [
    row({ mark: swatch(plate, { kind: 'town' }), text: `${word('map.town_edge')}${schematic}` }),
    row({ mark: swatch(plate, { kind: 'building' }), text: word('map.layer.buildings'), figures: [grouped(payload.summary?.totals?.buildings ?? 0)] }),
    gates ? row({ mark: swatch(plate, { kind: 'gate' }), text: word('ground.gate'), figures: [grouped(gates)] }) : null,
  ].filter(Boolean);
}

/** Add the legend, folded on narrow screens. */
export function addLegend(map, plate) {
  const place = corner(map, isNarrow(map) ? 'bottom-right' : 'top-left');
  const id = 'plate-legend-body';
  const body = make('div', { class: 'plate-legend-body', id });
  const button = make('button', { class: 'plate-legend-title', type: 'button', 'aria-controls': id }, make('span', { text: plate.word('map.legend') }), icon('chevron'));
  const element = make('section', { class: 'plate-panel plate-legend', 'aria-label': plate.word('map.legend') }, button, body);
  const clear = make('button', { class: 'plate-clear', type: 'button', text: plate.word('map.clear_filter'), on: { click: () => plate.change({ stage: '', late: '', work: '', owner: '', kind: '', state: '', month: '', q: '' }) } });
  function set(open) {
    body.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  }
  function refresh() {
    const at = [...body.querySelectorAll('button, select')].indexOf(document.activeElement);
    const filtered = ['stage', 'late', 'work', 'owner', 'kind', 'state', 'month', 'q'].some((field) => plate.state[field]);
    body.replaceChildren(...legendRows(plate, true), ...(filtered ? [clear] : []));
    element.classList.toggle('is-wide', plate.theme === 'works');
    if (at >= 0) body.querySelectorAll('button, select')[at]?.focus();
  }
  button.addEventListener('click', () => set(body.hidden));
  map.getContainer().addEventListener('tongchou:state', refresh);
  map.getContainer().addEventListener('tongchou:received', refresh);
  place.append(element);
  refresh();
  set(!isNarrow(map));
  return element;
}
