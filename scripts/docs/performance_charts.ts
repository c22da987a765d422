import { fullName, type Measure, median } from '../../bench/lib/measure.ts';
import type { PeerFigure } from '../../bench/lib/peers.ts';
import { type Bar, drawBarChart } from '../../bench/lib/plot/bar_chart.ts';
import { drawLineChart, type Line, type Point } from '../../bench/lib/plot/line_chart.ts';
import type { Panel } from '../../bench/lib/plot/panel.ts';
import { barText, limitOf, verdictOf } from '../../bench/lib/verdict.ts';

type Unit = Measure['unit'];

/** What is counted, such as answers that are missing, is told in words. */
const headings: Readonly<Record<Exclude<Unit, 'count'>, string>> = {
  µs: 'Microseconds: less is better',
  ms: 'Milliseconds: less is better',
  s: 'Seconds: less is better',
  MB: 'Memory, MB: less is better',
  kB: 'Memory, kB: less is better',
  'per s': 'Per second: more is better',
  x: 'Ratios',
};

/** Of each unit, what was measured with several numbers of minions as lines, then all else as bars. */
export function drawMeasures(measures: readonly Measure[], peers: readonly PeerFigure[]): Panel[] {
  return Object.entries(headings).flatMap(([unit, heading]) => {
    const ofUnit = measures.filter((measure) => measure.unit === unit);
    const theirs = peers.filter((peer) => peer.unit === unit);
    const names = [...new Set(ofUnit.map(({ name }) => name))];
    const curves = names.filter((name) => isCurve(ofUnit.filter((measure) => measure.name === name)));
    const others = ofUnit.filter(({ name }) => !curves.includes(name));
    return [
      ...(curves.length === 0 ? [] : [drawLineChart(heading, 'minions', linesOf(curves, ofUnit, theirs))]),
      ...(others.length === 0 ? [] : [drawBarChart(heading, barsOf(others, theirs))]),
    ];
  });
}

function isCurve(measures: readonly Measure[]): boolean {
  return new Set(measures.map(({ minions }) => minions).filter((minions) => minions !== undefined)).size > 1;
}

function linesOf(curves: readonly string[], measures: readonly Measure[], theirs: readonly PeerFigure[]): Line[] {
  const ours = curves.map((name) => ({
    name,
    points: rising(measures.filter((one) => one.name === name).map(pointOf)),
  }));
  const known = theirs.filter(({ name }) => curves.includes(name));
  const keys = [...new Set(known.map(({ peer, name }) => `${peer}: ${name}`))];
  const peers = keys.map((key) => ({
    name: key,
    points: rising(known.filter(({ peer, name }) => `${peer}: ${name}` === key).map(peerPointOf)),
    isPeer: true,
  }));
  return [...ours, ...peers];
}

function rising(points: readonly Point[]): Point[] {
  return points.toSorted((a, b) => a.x - b.x);
}

function pointOf(measure: Measure): Point {
  const limit = limitOf(measure);
  return {
    x: measure.minions ?? Number.NaN,
    y: median(measure.values),
    spread: spreadOf(measure.values),
    target: limit === undefined ? undefined : { value: limit, note: barText(measure) },
  };
}

function peerPointOf({ minions = Number.NaN, value = Number.NaN, spread }: PeerFigure): Point {
  return { x: minions, y: value, spread };
}

/** A peer's bar follows the one that it is compared with. */
function barsOf(measures: readonly Measure[], theirs: readonly PeerFigure[]): Bar[] {
  return measures.flatMap((measure) => [
    barOf(measure),
    ...theirs
      .filter(({ name, minions }) => name === measure.name && minions === measure.minions)
      .map(({ peer, value = Number.NaN, spread }) => ({ name: `${peer}, the same`, value, spread, isPeer: true })),
  ]);
}

function barOf(measure: Measure): Bar {
  const [limit, verdict] = [limitOf(measure), verdictOf(measure)];
  return {
    name: fullName(measure),
    value: median(measure.values),
    spread: spreadOf(measure.values),
    target:
      limit === undefined || verdict === undefined
        ? undefined
        : { value: limit, note: `${barText(measure)}: ${verdict.text}`, isMet: verdict.isMet },
  };
}

function spreadOf(values: readonly number[]): readonly [number, number] | undefined {
  return values.length < 2 ? undefined : [Math.min(...values), Math.max(...values)];
}
