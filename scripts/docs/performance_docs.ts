import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure } from '../../bench/lib/figure.ts';
import { fullName, type Measure, median } from '../../bench/lib/measure.ts';
import { type PeerFigure, type Peers, readPeers } from '../../bench/lib/peers.ts';
import { drawFigure } from '../../bench/lib/plot/panel.ts';
import { machineText } from '../../bench/lib/report.ts';
import { type BenchmarkResult, readResults } from '../../bench/lib/result.ts';
import { barText, verdictOf } from '../../bench/lib/verdict.ts';
import { block, page, plain, table } from './markdown.ts';
import { drawMeasures } from './performance_charts.ts';

/** What is written by hand, and becomes a part of the page as it stands. */
const PARTS = ['where_the_time_goes', 'limits'];

const INTRODUCTION = `\
What Brine's benchmarks measured, and what it has to keep to. Figures are medians of runs, with the least and the greatest; none
of them is written by hand. Where no size of a fleet is named, a benchmark has one of its own.

${block('sh', 'npm run bench -- fanout --save   # measures, and keeps the result\nnpm run bench -- page            # makes this page of all results')}
Times are those of a machine and of a day. What is compared is therefore measured in the same run where that can be, and stands
here as a ratio.`;

const LOOK = `How long a look into 16 MiB takes, at random places, tells how much of the processors' shared cache was there: where the
neighbours of a virtual machine have it, it takes as long as one into memory, and all else is slower too.`;

/** The page, and a figure for each benchmark: paths from the root of the repository to texts. */
export function performanceDocs(root: string): ReadonlyMap<string, string> {
  const [results, peers] = [readResults(root), readPeers(root)];
  const parts = PARTS.map((name) => readFileSync(join(root, `docs/performance/${name}.md`), 'utf8'));
  const figures = results.map(({ benchmark, measures }) => {
    const theirs = peers.figures.filter((peer) => peer.benchmark === benchmark);
    const title = `What the benchmark ${benchmark} measured; the same figures as in the table`;
    return [figurePath(benchmark), drawFigure(title, drawMeasures(measures, theirs))] as const;
  });
  return new Map([['docs/performance.md', performancePage(results, peers, parts)], ...figures]);
}

function performancePage(results: readonly BenchmarkResult[], peers: Peers, parts: readonly string[]): string {
  return page(
    '# Performance',
    INTRODUCTION,
    ...machineSection(results),
    ...barsSection(results),
    ...results.flatMap((result) => benchmarkSection(result, peers)),
    ...parts,
    '## Sources',
    'Figures of others that were not measured in the same run:',
    Object.entries(peers.sources)
      .map(([peer, text]) => `- **${peer}**: ${text}`)
      .join('\n'),
  );
}

function figurePath(benchmark: string): string {
  return `docs/performance/${benchmark}.svg`;
}

function machineSection(results: readonly BenchmarkResult[]): string[] {
  const machines = [...new Set(results.map(({ machine }) => machineText(machine)))];
  const rows = results.map(({ benchmark, at, version, machine }) => [
    linkTo(benchmark),
    at.slice(0, 16).replace('T', ' '),
    version,
    figure(machine.loadBefore),
    machine.memoryNs === undefined ? '–' : figure(machine.memoryNs),
    ...(machines.length > 1 ? [machineText(machine)] : []),
  ]);
  const busy = results.filter(isBusy).map(({ benchmark }) => benchmark);
  return [
    '## Machine',
    ...(machines.length === 1 ? [`All on one machine, which ran master, minions and clients: ${machines[0]}.`] : []),
    ...(busy.length === 0
      ? []
      : [`**Other work ran beside** ${busy.join(', ')}: the times of these are longer than they would be.`]),
    LOOK,
    table(
      ['benchmark', 'ended, UTC', 'version', 'load before', 'ns a look', ...(machines.length > 1 ? ['machine'] : [])],
      rows,
    ),
  ];
}

/** More than a quarter of its processors was wanted before the benchmark began. */
function isBusy({ machine }: BenchmarkResult): boolean {
  return machine.loadBefore > machine.cores / 4;
}

function barsSection(results: readonly BenchmarkResult[]): string[] {
  const rows = results.flatMap(({ benchmark, measures }) =>
    measures.flatMap((measure) => {
      const verdict = verdictOf(measure);
      if (verdict === undefined) return [];
      const cells = [
        linkTo(benchmark),
        plain(fullName(measure)),
        barText(measure),
        figure(median(measure.values)),
        measure.unit,
      ];
      return [{ isMet: verdict.isMet, cells: [...cells, emphasize(verdict)] }];
    }),
  );
  return [
    '## Bars',
    `${rows.filter(({ isMet }) => isMet).length} of ${rows.length} bars are met.`,
    table(
      ['benchmark', 'measure', 'bar', 'median', 'unit', ''],
      rows.map(({ cells }) => cells),
    ),
  ];
}

function emphasize({ isMet, text }: { readonly isMet: boolean; readonly text: string }): string {
  return isMet ? text : `**${text}**`;
}

function linkTo(benchmark: string): string {
  return `[${benchmark}](#${benchmark})`;
}

function benchmarkSection({ benchmark, summary, command, measures }: BenchmarkResult, peers: Peers): string[] {
  const theirs = peers.figures.filter((peer) => peer.benchmark === benchmark);
  return [
    `## ${benchmark}`,
    summary,
    block('sh', command),
    `![The figures of the table below](performance/${benchmark}.svg)`,
    table(['measure', 'median', 'least', 'greatest', 'runs', 'unit', 'bar', ''], measures.map(measureRow)),
    ...(theirs.length === 0
      ? []
      : [
          'Others, on other machines ([sources](#sources)):',
          table(
            ['who', 'measure', 'theirs', 'unit', 'here', 'theirs / here', ''],
            theirs.map((peer) => peerRow(peer, measures)),
          ),
        ]),
  ];
}

function measureRow(measure: Measure): string[] {
  const { values, unit } = measure;
  const verdict = verdictOf(measure);
  return [
    plain(fullName(measure)),
    ...[median(values), Math.min(...values), Math.max(...values)].map(figure),
    figure(values.length),
    unit,
    barText(measure),
    verdict === undefined ? '' : emphasize(verdict),
  ];
}

function peerRow(peer: PeerFigure, measures: readonly Measure[]): string[] {
  const { name, minions, unit, value = Number.NaN, spread, remark = '' } = peer;
  const ours = measures.find((one) => one.name === name && one.minions === minions && one.unit === unit);
  const here = ours === undefined ? Number.NaN : median(ours.values);
  const range = spread === undefined ? '' : `${figure(spread[0])} to ${figure(spread[1])}`;
  const theirs = peer.value === undefined ? range : `${figure(value)}${range === '' ? '' : ` (${range})`}`;
  const full = fullName({ name, minions, unit, values: [value] });
  return [peer.peer, plain(full), theirs, unit, figure(here), figure(value / here), remark];
}
