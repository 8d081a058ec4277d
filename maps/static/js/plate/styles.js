/** Colours, widths and fonts of the drawing, from the payload's palette. */

export const SYMBOL = { outline: 0.8, late: 2.2, hover: 2, hatchWidth: 1.3, halo: 3.5 };
export const BANDS = { far: 8, near: 1, site: 0.3, lines: 2 };
/** Tints of a courtyard, ground and not data. */
const YARD = { yard: '#EDE6DA', crown: '#CCDABD', trunk: '#6B8A60', porch: '#C6C0B1' };
const GONE = new Set(['to_abandon', 'abandoned']);

/** How much is drawn at so many metres per pixel: far, district, near or site. */
export function bandAt(mpp) {
  if (mpp > BANDS.far) return 'far';
  if (mpp > BANDS.near) return 'district';
  return mpp > BANDS.site ? 'near' : 'site';
}

/** Colour `#RRGGBB` with an opacity. */
export function faded(hex, alpha) {
  const value = parseInt(hex.slice(1), 16);
  return `rgba(${value >> 16},${(value >> 8) & 255},${value & 255},${alpha})`;
}

export function isGone(state) {
  return GONE.has(state);
}

/** The styles that the drawing asks for; `family` is the page's font stack. */
export function makeStyles(palette, family) {
  const n = palette.neutrals;
  const unknown = { line: n.ink3, text: n.ink3 };
  return {
    ...n,
    ...YARD,
    family,
    stages: palette.stages,
    stageOrder: Object.keys(palette.stages),
    lineKinds: palette.lines,
    verdicts: palette.verdicts,
    font: (size, weight = 400) => `${weight} ${size}px ${family}`,
    stage: (code) => palette.stages[code] ?? { fill: n.surface, text: n.ink },
    isDark: (code) => /^#?f{3,6}$/i.test(palette.stages[code]?.text ?? ''),
    teal: palette.stages.renovation?.fill ?? n.ink3,
    azurite: palette.stages.acceptance?.fill ?? n.ink,
    line: (style, state) => (isGone(state) ? palette.lines.FQ : palette.lines[style]) ?? unknown,
  };
}

/** Width of a line in px, thinner where many lie in few pixels. */
export function lineWidth(layer, i, mpp) {
  const slim = mpp > 1.2 ? 0.55 : mpp > 0.6 ? 0.7 : mpp > 0.3 ? 0.85 : 1;
  if (layer.get('house_connection', i)) return 1.1 * slim;
  if (layer.get('code', i) === 'LD') return 1.2 * slim;
  return (layer.get('trunk', i) ? 2.6 : 2) * slim;
}
