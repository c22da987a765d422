import { figure } from '../figure.ts';
import { area, drawHeading, drawXTicks, type Panel, shorten } from './panel.ts';
import { fittingScale, type Scale } from './scale.ts';
import { element, label, line } from './svg.ts';

/** A row of a bar chart. Figures that nobody knows are NaN, and are not drawn. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The least and the greatest of what `value` stands for. */
  readonly spread?: readonly [number, number] | undefined;
  /** What the value has to keep to, and what is said about it. */
  readonly target?: { readonly value: number; readonly note: string; readonly isMet: boolean } | undefined;
  /** Somebody else's, which is drawn in grey. */
  readonly isPeer?: boolean;
}

const ROW_PX = 38;
const BAR_PX = 10;
const FIGURES_PX = 170;
const NOTE_PX = 190;
const AXIS_PX = 28;

/**
 * A row for each bar: its name, what is said of its target, the bar with its spread, the target as a line across, and
 * the figures. When small ones would not be seen beside large ones, the axis is logarithmic, and marks take the place
 * of bars, whose length would then mean nothing.
 */
export function drawBarChart(heading: string, bars: readonly Bar[]): Panel {
  const scale = fittingScale(bars.flatMap(figuresOf));
  const right = area.right - FIGURES_PX;
  const x = (value: number): number => area.left + scale.at(value) * (right - area.left);
  const bottom = area.top + bars.length * ROW_PX;
  const ticks = scale.ticks.map((tick) => ({ x: x(tick), text: figure(tick) }));
  const body = [
    drawHeading(scale.kind === 'log' ? `${heading}, logarithmic` : heading),
    drawXTicks(ticks, area.top, bottom),
    ...bars.map((bar, index) => drawRow(bar, area.top + index * ROW_PX, scale, x)),
  ];
  return { heightPx: bottom + AXIS_PX, body: body.join('') };
}

function figuresOf({ value, spread, target }: Bar): number[] {
  return [value, ...(spread ?? []), ...(target === undefined ? [] : [target.value])];
}

function drawRow(bar: Bar, top: number, scale: Scale, x: (value: number) => number): string {
  const { name, value, spread, target } = bar;
  const middle = top + 26;
  const parts = [label(shorten(name, area.right - area.left - NOTE_PX), area.left, top + 15)];
  if (target !== undefined) {
    parts.push(label(target.note, area.right, top + 15, target.isMet ? 'faint' : 'missed', 'end'));
  }
  if (Number.isFinite(value)) {
    const kind = kindOf(bar);
    parts.push(scale.kind === 'log' ? drawDot(kind, x(value), middle) : drawBar(kind, x(0), x(value), middle));
  }
  if (isKnown(spread)) parts.push(drawSpread(x(spread[0]), x(spread[1]), middle));
  if (target !== undefined && Number.isFinite(target.value)) {
    parts.push(line('target', x(target.value), middle - 9, x(target.value), middle + 9));
  }
  parts.push(label(figuresText(bar), area.right, middle + 4, 'ink', 'end'));
  return parts.join('');
}

function kindOf({ isPeer, target }: Bar): string {
  if (isPeer === true) return 'faint';
  return target?.isMet === false ? 'missed' : 'met';
}

/** `412 (398 to 430)`, `75 to 79`. */
function figuresText({ value, spread }: Bar): string {
  if (!isKnown(spread)) return figure(value);
  const range = `${figure(spread[0])} to ${figure(spread[1])}`;
  return Number.isFinite(value) ? `${figure(value)} (${range})` : range;
}

function isKnown(spread: Bar['spread']): spread is readonly [number, number] {
  return spread?.every(Number.isFinite) === true;
}

function drawBar(kind: string, from: number, to: number, middle: number): string {
  const [x, width] = [Math.min(from, to), Math.abs(to - from)];
  return element('rect', { class: kind, x, y: middle - BAR_PX / 2, width, height: BAR_PX, rx: 1 });
}

function drawDot(kind: string, x: number, middle: number): string {
  return element('circle', { class: kind, cx: x, cy: middle, r: BAR_PX / 2 });
}

function drawSpread(from: number, to: number, middle: number): string {
  return [
    line('spread', from, middle, to, middle),
    ...[from, to].map((x) => line('spread', x, middle - 4, x, middle + 4)),
  ].join('');
}
