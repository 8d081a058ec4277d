/** What is said about a feature: a title, a line of figures, rows of facts; as text only. */
import { make } from './dom.js';
import { isGone } from './styles.js';
import { percent } from './labels.js';
import { span, grouped } from './words.js';

function joined(parts) {
  return parts.filter((part) => part !== null && part !== undefined && part !== '').join(' · ');
}

function counted(plate, layer, i, column, unit = column) {
  const value = layer.get(column, i);
  return value === null ? null : plate.word(`unit.${unit}`, { value: grouped(value) });
}

function metres(plate, value, digits = 2) {
  return value === null ? plate.word('map.unknown') : plate.word('unit.metres', { value: Number(value).toFixed(digits) });
}

/** Depth at both ends; unknown is said, never zero. */
function depths(plate, layer, i) {
  const [start, end] = [layer.get('depth_start_m', i), layer.get('depth_end_m', i)];
  if (start === null && end === null) return plate.word('map.unknown');
  if (start === end) return metres(plate, start);
  return `${metres(plate, start)} — ${metres(plate, end)}`;
}

function stateWord(plate, layer, i, table) {
  const state = layer.get('state', i);
  return state ? plate.word(`${table}.${state}`) : null;
}

/** Words of a line's kind. */
export function kindWord(plate, layer, i) {
  return layer.get('kind_word', i) ?? plate.word(`utility.${layer.get('style', i)}`);
}

const TOLD = {
  communities(plate, layer, i) {
    const days = layer.get('late_days', i);
    return {
      title: layer.get('name', i),
      tag: days > 0 ? plate.word('map.late', { days }) : null,
      line: joined([layer.get('town_name', i), counted(plate, layer, i, 'buildings'), counted(plate, layer, i, 'households')]),
      stage: layer.get('stage', i),
      share: layer.get('progress', i),
      reason: layer.get('reason', i),
      note: layer.get('provisional', i) ? plate.word('map.provisional') : null,
    };
  },
  buildings(plate, layer, i) {
    return {
      title: joined([layer.get('community_name', i), layer.get('number', i)]),
      line: joined([counted(plate, layer, i, 'storeys'), counted(plate, layer, i, 'units'), counted(plate, layer, i, 'households')]),
      rows: [
        ['field.area_m2', area(plate, layer.get('area_m2', i))],
        ['field.year_built', layer.get('year_built', i)],
        ['field.stage', layer.get('stage', i) ? plate.word(`stage.${layer.get('stage', i)}`) : null],
      ],
    };
  },
  lines(plate, layer, i) {
    const state = layer.get('state', i);
    return {
      stroke: { style: layer.get('style', i), state },
      title: joined([[layer.get('code', i), layer.get('size', i)].filter(Boolean).join(' '), kindWord(plate, layer, i)]),
      line: joined([stateWord(plate, layer, i, 'line_state'), layer.get('owner_name', i)]),
      rows: [
        ['field.size', layer.get('size', i) ?? plate.word('map.unknown')],
        ['field.material', layer.get('material', i)],
        ['field.laying', layer.get('laying', i)],
        ['field.depth', depths(plate, layer, i)],
        ['field.year_laid', layer.get('year_laid', i)],
        ['field.community', layer.get('community_name', i)],
        ['field.dig', plate.digNumber(layer.get('dig', i))],
      ],
    };
  },
  digs(plate, layer, i) {
    return {
      stroke: { style: layer.get('style', i), state: 'planned' },
      title: joined([layer.get('owner_name', i), layer.get('number', i)]),
      line: joined([plate.word('map.layer.digs'), stateWord(plate, layer, i, 'dig_state')]),
      rows: [
        ['field.window', span(layer.get('window_start', i), layer.get('window_end', i)) || plate.word('map.unknown')],
        ['field.width_m', metres(plate, layer.get('width_m', i))],
        ['field.depth_m', metres(plate, layer.get('depth_m', i))],
        ['field.community', layer.get('community_name', i)],
      ],
    };
  },
  nodes(plate, layer, i) {
    return {
      stroke: { style: layer.get('style', i), state: 'in_service' },
      title: joined([layer.get('code', i), layer.get('number', i)]),
      line: joined([layer.get('appurtenance', i), layer.get('feature', i)]),
      rows: [],
    };
  },
};

function area(plate, value) {
  return value === null ? null : plate.word('unit.m2', { value: grouped(value) });
}

/** What is said about feature i of the layer. */
export function tellOf(plate, layer, i) {
  return TOLD[layer.name]?.(plate, layer, i) ?? { title: String(layer.ids[i]), line: '' };
}

/** One sentence for a screen reader: name, stage, figures. */
export function sentenceOf(plate, layer, i) {
  const told = tellOf(plate, layer, i);
  const stage = told.stage ? `${plate.word(`stage.${told.stage}`)} ${percent(plate, told.share)}` : null;
  const rows = (told.rows ?? []).filter(([, value]) => value).map(([key, value]) => `${plate.word(key)} ${value}`);
  return [told.title, told.tag, stage, told.line, told.reason, ...rows].filter(Boolean).join('，');
}

/** The six-segment bar of stages, the current one named below it. */
export function stageBar(plate, stage, share) {
  const order = plate.styles.stageOrder;
  const at = order.indexOf(stage);
  const cells = order.map((code, k) => {
    const cell = make('span', { class: k <= at ? 'is-passed' : '' });
    if (k <= at) cell.style.background = plate.styles.stage(code).fill;
    return cell;
  });
  const word = plate.word(`stage.${stage}`);
  const told = stage === 'renovation' && share !== null ? `${word} ${percent(plate, share)}` : word;
  const name = make('div', { class: 'plate-stage-name', text: told });
  name.style.marginInlineStart = at < 4 ? `${(Math.max(at, 0) / order.length) * 100}%` : 'auto';
  if (at >= 4) name.style.textAlign = 'end';
  return make('div', { class: 'plate-stage' }, make('div', { class: 'plate-stage-cells', 'aria-hidden': 'true' }, ...cells), name);
}

/** A 22 px stroke with its dash, as an element. */
export function strokeMark(plate, style, state) {
  const { line } = plate.styles.line(style, state);
  const mark = make('span', { class: `plate-stroke${state === 'planned' ? ' is-planned' : ''}${isGone(state) || style === 'FQ' ? ' is-gone' : ''}`, 'aria-hidden': 'true' });
  mark.style.setProperty('--stroke', line);
  return mark;
}
