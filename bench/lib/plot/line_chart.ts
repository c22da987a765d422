import { figure } from '../figure.ts';
import { area, drawHeading, drawXTicks, LINE_COLOURS, type Panel, shorten } from './panel.ts';
import { fittingScale, logScale, type Scale } from './scale.ts';
import { coordinate, element, label, line } from './svg.ts';

/** A point of a line. Figures that were not measured are NaN, and leave a gap. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** The least and the greatest of what `y` stands for. */
  readonly spread?: readonly [number, number] | undefined;
  /** What `y` has to keep to. */
  readonly target?: { readonly value: number; readonly note: string } | undefined;
}

export interface Line {
  readonly name: string;
  /** By rising `x`. */
  readonly points: readonly Point[];
  /** Somebody else's figures, which are drawn in grey, with dashes and hollow marks. */
  readonly isPeer?: boolean;
}

interface Axes {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const LEGEND_PX = 20;
const PLOT_PX = 280;
const Y_TICKS_PX = 56;
const AXIS_PX = 46;

/** Lines over one axis. When small values would not be told from each other on either axis, both are logarithmic. */
export function drawLineChart(heading: string, xName: string, lines: readonly Line[]): Panel {
  const points = lines.flatMap((one) => one.points);
  const [xScale, yScale] = scalesOf(points);
  const top = area.top + lines.length * LEGEND_PX + 10;
  const bottom = top + PLOT_PX;
  const [left, right] = [area.left + Y_TICKS_PX, area.right - 24];
  const axes: Axes = {
    x: (value) => left + xScale.at(value) * (right - left),
    y: (value) => bottom - yScale.at(value) * PLOT_PX,
  };
  const body = [
    drawHeading(yScale.kind === 'log' ? `${heading}, logarithmic` : heading),
    ...lines.map((one, index) => drawLegend(one, index, area.top + index * LEGEND_PX)),
    drawXTicks(
      xScale.ticks.map((tick) => ({ x: axes.x(tick), text: figure(tick) })),
      top,
      bottom,
    ),
    ...yScale.ticks.map((tick) => drawYTick(figure(tick), left, right, axes.y(tick))),
    label(xName, (left + right) / 2, bottom + 34, 'faint', 'middle'),
    ...lines.map((one, index) => drawLine(one, index, axes)),
  ];
  return { heightPx: bottom + AXIS_PX, body: body.join('') };
}

/** Proportion is a straight line on two linear axes and on two logarithmic ones, and on no others. */
function scalesOf(points: readonly Point[]): [Scale, Scale] {
  const xs = points.map(({ x }) => x);
  const ys = points.flatMap(({ y, spread, target }) => [
    y,
    ...(spread ?? []),
    ...(target === undefined ? [] : [target.value]),
  ]);
  const [x, y] = [fittingScale(xs), fittingScale(ys)];
  if (x.kind === y.kind) return [x, y];
  return [logScale(xs), logScale(ys)];
}

function drawYTick(text: string, left: number, right: number, y: number): string {
  return line('grid', left, y, right, y) + label(text, left - 8, y + 4, 'faint', 'end');
}

function drawLegend(one: Line, index: number, top: number): string {
  const [x, middle] = [area.left, top + 12];
  return [
    line(strokeOf(one, index), x, middle, x + 32, middle),
    drawMark(one, index, x + 16, middle),
    label(shorten(one.name, area.right - x - 42), x + 42, middle + 4),
  ].join('');
}

function drawLine(one: Line, index: number, axes: Axes): string {
  const known = one.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  return [
    ...unbroken(one.points).map((part) => element('path', { class: strokeOf(one, index), d: pathOf(part, axes) })),
    ...known.map((point) => drawSpread(one, index, point, axes)),
    ...known.map((point) => drawMark(one, index, axes.x(point.x), axes.y(point.y))),
    ...one.points.map((point, at) => drawTarget(point, one.points[at - 1], index, axes)),
  ].join('');
}

/** Parts of a line between what was not measured. A point alone makes none. */
function unbroken(points: readonly Point[]): Point[][] {
  const parts: Point[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.x) && Number.isFinite(point.y)) parts.at(-1)?.push(point);
    else parts.push([]);
  }
  return parts.filter((part) => part.length > 1);
}

function pathOf(points: readonly Point[], { x, y }: Axes): string {
  return points
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${coordinate(x(point.x))} ${coordinate(y(point.y))}`)
    .join('');
}

function drawSpread(one: Line, index: number, { x, spread }: Point, axes: Axes): string {
  if (spread?.every(Number.isFinite) !== true) return '';
  const [low, high] = [axes.y(spread[0]), axes.y(spread[1])];
  const at = axes.x(x);
  return line(`mark ${colourOf(one, index)}`, at, low, at, high);
}

/** The same target as of the point before is said once. */
function drawTarget({ x, target }: Point, before: Point | undefined, index: number, axes: Axes): string {
  if (target === undefined || !Number.isFinite(x) || !Number.isFinite(target.value)) return '';
  const [at, y] = [axes.x(x), axes.y(target.value)];
  const stroke = line(`target line${index % LINE_COLOURS}`, at - 16, y, at + 16, y);
  const isSaid = before?.target?.value === target.value;
  return isSaid ? stroke : stroke + label(target.note, at - 20, y + 4, 'ink', 'end');
}

function strokeOf(one: Line, index: number): string {
  return `line ${colourOf(one, index)}`;
}

function colourOf({ isPeer }: Line, index: number): string {
  return isPeer === true ? 'peer' : `line${index % LINE_COLOURS}`;
}

/** Four shapes, so that lines are told apart without their colours; a peer's are hollow. */
function drawMark({ isPeer }: Line, index: number, x: number, y: number): string {
  const kind = `mark ${isPeer === true ? 'hollow' : `mark${index % LINE_COLOURS}`}`;
  const [r, shape] = [4.5, index % 4];
  if (shape === 0) return element('circle', { class: kind, cx: x, cy: y, r: 4 });
  if (shape === 1) return element('rect', { class: kind, x: x - 4, y: y - 4, width: 8, height: 8 });
  const corners =
    shape === 2
      ? [
          [x, y - r - 1],
          [x + r + 1, y + r],
          [x - r - 1, y + r],
        ]
      : [
          [x, y - r - 1.5],
          [x + r + 1.5, y],
          [x, y + r + 1.5],
          [x - r - 1.5, y],
        ];
  return element('polygon', {
    class: kind,
    points: corners.map((corner) => corner.map(coordinate).join(',')).join(' '),
  });
}
