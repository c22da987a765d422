import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Measure } from '../../../../bench/lib/measure.ts';
import { PEERS_FILE } from '../../../../bench/lib/peers.ts';
import { type BenchmarkResult, saveResult } from '../../../../bench/lib/result.ts';
import { performanceDocs } from '../../../../scripts/docs/performance_docs.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const machine = { cpu: 'Z80', cores: 2, memoryGiB: 24, kernel: 'Linux 6.1.0', node: 'v20.19.0', loadBefore: 0.1 };

function resultOf(benchmark: string, measures: readonly Measure[], more: Partial<BenchmarkResult> = {}) {
  const about = {
    summary: `What ${benchmark} is.`,
    command: `npm run bench -- ${benchmark} -n 7`,
    version: '0.1.0 (0123456)',
  };
  return { benchmark, ...about, at: '2026-01-02T03:04:05.678Z', machine, measures, ...more };
}

const fanout = resultOf('fanout', [
  { name: 'ping *', minions: 10, unit: 'ms', values: [5, 6, 7] },
  { name: 'ping *', minions: 100, unit: 'ms', values: [50, 60, 70], bar: { max: 40 } },
  { name: 'missing', unit: 'count', values: [0], bar: { max: 0 } },
]);
const memory = resultOf('memory', [{ name: 'each', unit: 'kB', values: [72] }]);
const salt = { peer: 'Salt', benchmark: 'fanout', name: 'ping *', minions: 100, unit: 'ms' };

function docsOf(results: readonly BenchmarkResult[], peers: unknown = { sources: {}, figures: [] }) {
  const root = temporaryDir();
  mkdirSync(join(root, 'docs/performance'), { recursive: true });
  writeFileSync(join(root, PEERS_FILE), JSON.stringify(peers));
  for (const part of ['where_the_time_goes', 'limits']) {
    writeFileSync(join(root, `docs/performance/${part}.md`), `## About ${part}\n`);
  }
  for (const result of results) saveResult(root, result);
  const docs = performanceDocs(root);
  return { docs, page: docs.get('docs/performance.md') ?? '' };
}

test('the page says what was measured, how, where, and whether it is enough', () => {
  const { docs, page } = docsOf([memory, fanout]);
  expect([...docs.keys()]).toEqual([
    'docs/performance.md',
    'docs/performance/fanout.svg',
    'docs/performance/memory.svg',
  ]);
  expect(page).toContain('2 × Z80, 24 GiB, Linux 6.1.0, Node v20.19.0.');
  expect(page).toContain('| [fanout](#fanout) | 2026-01-02 03:04 | 0.1.0 (0123456) | 0.1 |');
  expect(page).toContain('1 of 2 bars are met.');
  expect(page).toContain('## fanout\n\nWhat fanout is.\n\n```sh\nnpm run bench -- fanout -n 7\n```');
  expect(page).toContain('![The figures of the table below](performance/fanout.svg)');
  expect(page).toContain('| 100 minions: ping \\* | 60 | 50 | 70 | 3 | ms | ≤ 40 | **not met by 20 ms, 50 %** |');
  expect(page).toContain('| missing | 0 | 0 | 0 | 1 | count | ≤ 0 | met |');
  expect(page).toMatch(/## About where_the_time_goes\n\n## About limits\n/);
});

test('one name with several numbers of minions is a line, all else are bars, and counts are words alone', () => {
  const svg = docsOf([fanout, memory]).docs;
  expect(svg.get('docs/performance/fanout.svg')).toMatch(/<polygon|<circle class="mark mark0"/);
  expect(svg.get('docs/performance/fanout.svg')).not.toContain('missing');
  expect(svg.get('docs/performance/memory.svg')).toContain('<rect class="met"');
});

test('figures of others stand beside ours, and in the plot', () => {
  const sources = { Salt: 'From its source.' };
  const figures = [
    { ...salt, value: 6000, spread: [5000, 7000], remark: 'half of it lost' },
    { ...salt, minions: 100_000, value: 9e6 },
    { ...salt, benchmark: 'memory', name: 'each', minions: undefined, unit: 'kB', spread: [100, 200] },
  ];
  const { docs, page } = docsOf([fanout, memory], { sources, figures });
  expect(page).toContain('| Salt | 100 minions: ping \\* | 6,000 (5,000 to 7,000) | ms | 60 | 100 | half of it lost |');
  expect(page).toContain('| Salt | 100,000 minions: ping \\* | 9,000,000 | ms | – | – |  |');
  expect(page).toContain('| Salt | each | 100 to 200 | kB | 72 | – |  |');
  expect(page).toContain('- **Salt**: From its source.');
  expect(docs.get('docs/performance/fanout.svg')).toContain('>Salt: ping *</text>');
  expect(docs.get('docs/performance/memory.svg')).toContain('>Salt, the same</text>');
});

test('machines that differ, and one that was busy, are named', () => {
  const busy = resultOf('jobs', [], { machine: { ...machine, cores: 8, loadBefore: 5, memoryNs: 210 } });
  const { page } = docsOf([fanout, busy]);
  expect(page).toContain('**Other work ran beside** jobs:');
  expect(page).toContain('| 0.1.0 (0123456) | 5 | 210 | 8 × Z80, 24 GiB, Linux 6.1.0, Node v20.19.0 |');
  expect(page).not.toContain('All on one machine');
  expect(docsOf([fanout]).page).not.toContain('Other work');
});

test.each([
  [{ sources: {}, figures: [{ ...salt, value: 1 }] }, 'docs/performance/peers.json: Salt, ping *: no source'],
  [{ sources: { Salt: 'x' }, figures: [salt] }, 'docs/performance/peers.json: Salt, ping *: no figure'],
  [{ figures: [] }, /^docs\/performance\/peers\.json: sources: /],
])('peers that say too little are refused: %j', (peers, complaint) => {
  expect(() => docsOf([fanout], peers)).toThrow(complaint);
});
