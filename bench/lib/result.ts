import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import { type Measure, median, meetsBar, units } from './measure.ts';
import type { Machine } from './report.ts';

/** What a benchmark found, as `--json` writes it and `--save` keeps it. */
export interface BenchmarkResult {
  readonly benchmark: string;
  /** What it measures: one sentence with a full stop. */
  readonly summary: string;
  /** `npm run bench -- fanout -n 1000`. */
  readonly command: string;
  /** When it ended, in ISO 8601, UTC. */
  readonly at: string;
  /** Of what it measured: `0.1.0 (f87d545)`. */
  readonly version: string;
  readonly machine: Machine;
  readonly measures: readonly Measure[];
}

/** Below the root of the repository: a file for each benchmark. */
export const RESULTS_FOLDER = 'docs/performance/results';

/** JSON has no word for what is not a number: such a value was not measured, and is null. */
const Value = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.NaN),
);
/** What can be computed of the values is there for other readers, and passed over here. */
const MeasureInFile = v.object({
  name: v.string(),
  minions: v.optional(v.number()),
  unit: v.picklist(units),
  values: v.pipe(v.array(Value), v.minLength(1)),
  bar: v.optional(v.union([v.object({ max: v.number() }), v.object({ min: v.number() })])),
});
const ResultInFile = v.pipe(
  v.object({
    benchmark: v.string(),
    summary: v.string(),
    command: v.string(),
    at: v.pipe(v.string(), v.isoTimestamp()),
    version: v.string(),
    machine: v.object({
      cpu: v.string(),
      cores: v.number(),
      memoryGiB: v.number(),
      kernel: v.string(),
      node: v.string(),
      loadBefore: v.number(),
      memoryNs: v.optional(v.number()),
    }),
    results: v.array(MeasureInFile),
  }),
  v.transform(({ results, ...rest }): BenchmarkResult => ({ ...rest, measures: results })),
);

export function toJson({ measures, ...rest }: BenchmarkResult): string {
  const results = measures.map((measure) => {
    const { name, minions, unit, values, bar } = measure;
    const figures = { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
    return { name, minions, unit, ...figures, bar, meets_bar: meetsBar(measure), values };
  });
  return `${JSON.stringify({ ...rest, results }, null, 2)}\n`;
}

/** Throws CONFIG_INVALID with `path`, which names the text in the message. */
export function parseResult(path: string, text: string): BenchmarkResult {
  return parseChecked(path, text, ResultInFile);
}

/** Throws CONFIG_INVALID with `path`, which names the text in the message. */
export function parseChecked<T>(path: string, text: string, schema: v.GenericSchema<unknown, T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const checked = v.safeParse(schema, value);
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  throw new FleetError('CONFIG_INVALID', `${path}: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
}

/** The file that it was kept in, from the root of the repository. */
export function saveResult(root: string, result: BenchmarkResult): string {
  const path = `${RESULTS_FOLDER}/${result.benchmark}.json`;
  mkdirSync(join(root, RESULTS_FOLDER), { recursive: true });
  writeFileSync(join(root, path), toJson(result));
  return path;
}

/** All that was kept, sorted by the names of the benchmarks. Throws CONFIG_INVALID about a file of another shape. */
export function readResults(root: string): BenchmarkResult[] {
  const files = readdirSync(join(root, RESULTS_FOLDER)).filter((name) => name.endsWith('.json'));
  return files.sort().map((name) => {
    const path = `${RESULTS_FOLDER}/${name}`;
    return parseResult(path, readFileSync(join(root, path), 'utf8'));
  });
}

/** The version with the commit, where git knows one; `changed` when the sources are not those of the commit. */
export function describeVersion(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', '.', ':!docs') !== '';
    return `${VERSION} (${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', changed' : ''})`;
  } catch {
    return VERSION;
  }
}
