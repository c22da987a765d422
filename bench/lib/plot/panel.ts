import { element, escapeText, label, line } from './svg.ts';

/** A part of a figure, with a heading, as wide as the figure. */
export interface Panel {
  readonly heightPx: number;
  /** SVG, from the top left corner. */
  readonly body: string;
}

const WIDTH_PX = 760;
const MARGIN_PX = 22;

/** Where things are drawn: inside the margins, below the heading. */
export const area = { left: MARGIN_PX, right: WIDTH_PX - MARGIN_PX, top: 36 };

/** Grey is for peers. */
const light = {
  paper: '#ffffff',
  ink: '#1f2328',
  faint: '#59636e',
  grid: '#d8dee4',
  met: '#0969a8',
  missed: '#bc4c00',
  target: '#1f2328',
  lines: ['#0969a8', '#bc4c00', '#1a7f4b', '#8250df', '#7d5b00'],
};
const dark: typeof light = {
  paper: '#0d1117',
  ink: '#e6edf3',
  faint: '#9198a1',
  grid: '#2b323b',
  met: '#58a6e8',
  missed: '#f0883e',
  target: '#e6edf3',
  lines: ['#58a6e8', '#f0883e', '#4ac285', '#bc8cff', '#d6b23c'],
};
export const LINE_COLOURS = light.lines.length;

function colours({ paper, ink, faint, grid, met, missed, target, lines }: typeof light): string {
  return [
    `.paper{fill:${paper}}text{stroke:${paper}}.ink,.heading{fill:${ink}}.faint{fill:${faint}}.grid{stroke:${grid}}`,
    `.met{fill:${met}}.missed{fill:${missed}}.spread{stroke:${ink}}.target{stroke:${target}}`,
    `.peer{stroke:${faint}}.hollow{stroke:${faint};fill:${paper}}`,
    ...lines.map((colour, index) => `.line${index},.mark${index}{stroke:${colour}}.mark${index}{fill:${colour}}`),
  ].join('');
}

const style = [
  'text{font:12px system-ui,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}',
  // A margin around letters keeps what is behind them away.
  'text{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}',
  '.heading{font-weight:600;font-size:13px}path{fill:none}',
  '.grid{stroke-width:1}.spread{stroke-width:1.5}.target{stroke-width:2;stroke-dasharray:4 2}',
  '.line{stroke-width:2}.peer{stroke-dasharray:5 4}.mark{stroke-width:1.5}',
  colours(light),
  `@media(prefers-color-scheme:dark){${colours(dark)}}`,
].join('');

/** Panels one below the other: an SVG file. `title` is what those hear who do not see it. */
export function drawFigure(title: string, panels: readonly Panel[]): string {
  let y = 0;
  const placed = panels.map(({ heightPx, body }) => {
    const part = element('g', { transform: `translate(0 ${y})` }, body);
    y += heightPx;
    return part;
  });
  const size = { width: WIDTH_PX, height: y, viewBox: `0 0 ${WIDTH_PX} ${y}` };
  const all = [
    element('title', {}, escapeText(title)),
    element('style', {}, style),
    element('rect', { class: 'paper', width: WIDTH_PX, height: y, rx: 6 }),
    ...placed,
  ];
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' }, ...all)}\n`;
}

export function drawHeading(text: string): string {
  return label(text, area.left, 24, 'heading');
}

/** Vertical lines of a grid with their texts below. */
export function drawXTicks(
  ticks: readonly { readonly x: number; readonly text: string }[],
  top: number,
  bottom: number,
): string {
  return ticks
    .map(({ x, text }) => line('grid', x, top, x, bottom) + label(text, x, bottom + 15, 'faint', 'middle'))
    .join('');
}

/** What does not fit into so many pixels ends in dots. An average letter is taken for as wide as a digit. */
export function shorten(text: string, widthPx: number): string {
  const letters = Math.floor(widthPx / 6.6);
  return text.length <= letters ? text : `${text.slice(0, Math.max(0, letters - 1)).trimEnd()}…`;
}
