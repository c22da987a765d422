import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { performanceDocs } from '../../scripts/docs/performance_docs.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { loadFolder, type PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { Benchmark } from './benchmark.ts';
import { describeMachine, toTable } from './report.ts';
import { describeVersion, saveResult, toJson } from './result.ts';

const USAGE = 'npm run bench -- NAME [-n minions] [--runs count] [--json file] [--save] [--quick]';

/** Of a quick run. */
const FEW = { minions: 2, runs: 1 } as const;

/** No benchmark has this name. */
const PAGE = 'page';

/**
 * Runs the benchmark that is named and prints its figures; without a name, prints the names. Resolves to the exit
 * status.
 */
export async function runBenchmark(argv: readonly string[], dist: URL): Promise<number> {
  try {
    const benchmarks = loadFolder<Benchmark>(new URL('bench/', dist));
    const { name, ...options } = readArguments(argv);
    if (name === undefined) {
      await printNames(benchmarks);
      return 0;
    }
    if (name === PAGE) {
      writePage(fileURLToPath(new URL('../', dist)));
      return 0;
    }
    const benchmark = await benchmarks.load(name);
    if (benchmark === undefined) {
      throw new FleetError('USAGE', `there is no benchmark '${name}'`, {
        hint: `one of ${benchmarks.names.join(', ')}`,
      });
    }
    await runOne(name, benchmark, options, dist);
    return 0;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    process.stderr.write(`${errorLine(error)}\n`);
    return 1;
  }
}

interface Options {
  readonly minions: number | undefined;
  readonly runs: number | undefined;
  /** A file that is written. */
  readonly json: string | undefined;
  readonly save: boolean;
  readonly isQuick: boolean;
}

async function runOne(name: string, benchmark: Benchmark, options: Options, dist: URL): Promise<void> {
  const { minions, runs, isQuick, json, save } = options;
  const root = fileURLToPath(new URL('../', dist));
  const home = mkdtempSync(join(tmpdir(), `brine-bench-${name}-`));
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const [machine, version] = [describeMachine(), describeVersion(root)];
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const found = await benchmark.run({ dist, home, progress, minions, runs, isQuick });
  // Of so little, figures neither keep to anything nor miss it.
  const measures = isQuick ? found.map(({ bar: _bar, ...measure }) => measure) : found;
  const at = new Date().toISOString();
  const command = commandText(name, options);
  const result = { benchmark: name, summary: benchmark.summary, command, at, version, machine, measures };
  process.stdout.write(`\n${toTable(machine, measures)}\n`);
  if (json !== undefined) writeFileSync(json, toJson(result));
  if (save) progress(`kept in ${saveResult(root, result)}`);
}

/** How to have the same measured again. */
function commandText(name: string, { minions, runs }: Options): string {
  const amounts = [...(minions === undefined ? [] : ['-n', minions]), ...(runs === undefined ? [] : ['--runs', runs])];
  return ['npm run bench --', name, ...amounts].join(' ');
}

function writePage(root: string): void {
  for (const [path, text] of performanceDocs(root)) {
    writeFileSync(join(root, path), text);
    process.stdout.write(`${path}\n`);
  }
}

async function printNames(benchmarks: PluginFolder<Benchmark>): Promise<void> {
  process.stdout.write(`${USAGE}\n\n`);
  for (const name of benchmarks.names) {
    process.stdout.write(`  ${name.padEnd(15)}${(await benchmarks.load(name))?.summary}\n`);
  }
  process.stdout.write(`\n  ${PAGE.padEnd(15)}Makes docs/performance.md of all that --save kept.\n`);
}

function readArguments(argv: readonly string[]): Options & { readonly name: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        minions: { type: 'string', short: 'n' },
        runs: { type: 'string' },
        json: { type: 'string' },
        save: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
      },
    });
    const { json, save, quick: isQuick } = values;
    if (save && isQuick) throw new FleetError('USAGE', 'what --quick finds is not worth to --save', { hint: USAGE });
    return {
      name: positionals[0],
      minions: readCount(values.minions) ?? (isQuick ? FEW.minions : undefined),
      runs: readCount(values.runs) ?? (isQuick ? FEW.runs : undefined),
      json,
      save,
      isQuick,
    };
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('USAGE', (cause as Error).message, { hint: USAGE, cause });
  }
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new FleetError('USAGE', `'${text}' is not a number from 1 to 99999`, { hint: USAGE });
}
