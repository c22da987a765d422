import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemErrorCode } from '../../shared/errors.ts';
import { type CommandResult, startProgram } from '../support/program.ts';
import { hasOracle } from '../support/python_oracle.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';

const dir = makeTemporaryDir();
afterAll(dir.remove);

const names = readdirSync(join(repositoryRoot, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'));
/** What a benchmark compares with, and this machine has not. */
const missing: Readonly<Record<string, boolean>> = { render: !hasOracle };

/** Where benchmarks have their directories. */
const scratch = join(dir.path, 'tmp');
mkdirSync(scratch);

/** However the test ends, it is told to stop. */
function bench(...args: readonly string[]): Promise<CommandResult> {
  const program = startProgram(join(repositoryRoot, 'scripts/bench.mjs'), args, { env: { TMPDIR: scratch } });
  onTestFinished(async () => void (await program.stop()));
  return program.ended;
}

interface Report {
  readonly benchmark: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly results: readonly { readonly name: string; readonly values: readonly unknown[] }[];
}

/** Command lines of processes that run in `scratch`. */
function processes(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(commandLine).filter((line) => line.includes(scratch));
}

/** Of a process that may be gone by now. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) throw error;
    return '';
  }
}

describe('npm run bench', () => {
  it('lists the benchmarks, a line each', async () => {
    const { status, stdout } = await bench();
    expect(status).toBe(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('  '));
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual([...[...names].sort(), 'page']);
    expect(lines.filter((line) => !/^ {2}\w+ +[^ ].*\.$/.test(line))).toEqual([]);
  });

  it('says which there are when there is no such benchmark', async () => {
    const { status, stderr } = await bench('nothing');
    expect(status).toBe(1);
    expect(stderr).toContain("there is no benchmark 'nothing'");
    expect(stderr).toContain('fanout');
  });

  describe('runs, with as little as will do,', () => {
    for (const name of names) {
      it.skipIf(missing[name] === true)(name, { timeout: 120_000 }, async () => {
        const file = join(dir.path, `${name}.json`);
        const { status, stdout, stderr } = await bench(name, '--quick', '--json', file);
        expect(`${stderr.match(/^.*error.*$/gim) ?? ''}${status}`, stderr).toBe('0');
        const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
        expect(report.benchmark).toBe(name);
        expect(report.machine).toMatchObject({ cores: expect.any(Number), kernel: expect.stringMatching(/^\w+ \d/) });
        expect(report.results.length).toBeGreaterThan(0);
        const wrong = report.results.filter(({ values }) => values.length === 0 || !values.every(Number.isFinite));
        expect(wrong).toEqual([]);
        for (const { name: measure } of report.results) expect(stdout).toContain(measure);
        expect({ files: readdirSync(scratch), processes: processes() }).toEqual({ files: [], processes: [] });
      });
    }
  });
});
