import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type BenchmarkResult,
  parseResult,
  RESULTS_FOLDER,
  readResults,
  saveResult,
  toJson,
} from '../../../../bench/lib/result.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const result: BenchmarkResult = {
  benchmark: 'fanout',
  summary: 'Pings.',
  command: 'npm run bench -- fanout',
  at: '2026-01-02T03:04:05.678Z',
  version: '0.1.0 (0123456)',
  machine: { cpu: 'Z80', cores: 2, memoryGiB: 24, kernel: 'Linux 6.1.0', node: 'v20.19.0', loadBefore: 0.1 },
  measures: [
    { name: 'ping', minions: 1000, unit: 'ms', values: [3, 1, 2], bar: { max: 300 } },
    { name: 'events', unit: 'per s', values: [10], bar: { min: 11 } },
    { name: 'loop', unit: 'ms', values: [Number.NaN] },
  ],
};

describe('a result', () => {
  test('is the same after it was written and read, with what could not be measured', () => {
    expect(parseResult('x.json', toJson(result))).toEqual(result);
  });

  test('says in its file what can be computed of it', () => {
    const [ping, events, loop] = (JSON.parse(toJson(result)) as { results: unknown[] }).results;
    expect(ping).toMatchObject({ median: 2, min: 1, max: 3, runs: 3, meets_bar: true });
    expect(events).toMatchObject({ meets_bar: false });
    expect(loop).toMatchObject({ values: [null] });
  });

  test.each([
    ['no JSON', '{', /^x\.json is no JSON: /],
    ['another unit', toJson(result).replace('"ms"', '"miles"'), /^x\.json: results\.0\.unit: /],
    [
      'no values',
      toJson({ ...result, measures: [{ name: 'a', unit: 's', values: [] }] }),
      /^x\.json: results\.0\.values: /,
    ],
    ['no object', '[]', /^x\.json: /],
  ])('that is %s is refused with its file and the place', (_what, text, complaint) => {
    expect(() => parseResult('x.json', text)).toThrow(complaint);
  });
});

test('results are read in the order of their names, whatever else lies beside them', () => {
  const root = temporaryDir();
  mkdirSync(join(root, RESULTS_FOLDER), { recursive: true });
  writeFileSync(join(root, RESULTS_FOLDER, 'notes.txt'), 'x');
  const storm = { ...result, benchmark: 'connect_storm' };
  expect([saveResult(root, result), saveResult(root, storm)]).toEqual([
    'docs/performance/results/fanout.json',
    'docs/performance/results/connect_storm.json',
  ]);
  expect(readResults(root)).toEqual([storm, result]);
});
