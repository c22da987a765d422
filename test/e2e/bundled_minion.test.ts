import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { type Program, runProgram, startProgram } from '../support/program.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';
import { watchTopics } from '../support/watch_topics.ts';

/** 1.5 MB. */
const BYTES_MAX = 1_500_000;

const dir = makeTemporaryDir();
afterAll(dir.remove);
const bundle = join(dir.path, 'salt-minion.cjs');
const modules = join(dir.path, 'modules');
const note = join(dir.path, 'note.sls');

const files: Readonly<Record<string, string>> = {
  [join(modules, 'greet.js')]: `export default ({ defineModule, fn, args: { Text } }) => defineModule({
    summary: 'Greet.',
    functions: { hello: fn({
      summary: 'Greet somebody.', args: { name: Text }, examples: ["salt '*' greet.hello Ada"], reads: true,
      run: (_context, { name }) => 'hello ' + name,
    }) },
  });\n`,
  [note]: `note:
  caller.event.send:
    - args:
      - tag: myapp/noted
      - data: {port: {{ data['port'] + 1 }}, id: {{ salt['config.get']('id') | json }}}
`,
};

/** What a folder of plugins has in the sources. */
const pluginNames = (folder: string): string[] =>
  readdirSync(join(repositoryRoot, folder))
    .flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? [])
    .sort();

describe('a minion in one file', () => {
  const fleet = useProcesses({ minionConfig: { module_dirs: [modules], reactor: [{ 'myapp/changed': [note] }] } });
  const minions: Program[] = [];

  const start = async (id: string, config: Readonly<Record<string, unknown>>): Promise<void> => {
    fleet().configureMinion(id, config);
    const minion = startProgram(bundle, ['-c', fleet().configDir(id), '-l', 'info']);
    minions.push(minion);
    await minion.line(/connected to the master/);
  };
  const call = async (id: string, ...words: string[]): Promise<unknown> => {
    const { stdout, stderr } = await fleet().cli('salt', [id, ...words, '--out', 'json']);
    const answers = JSON.parse(stdout === '' ? JSON.stringify({ [id]: stderr }) : stdout) as Record<string, unknown>;
    return answers[id];
  };

  beforeAll(async () => {
    mkdirSync(modules);
    for (const [path, text] of Object.entries(files)) writeFileSync(path, text, { mode: 0o644 });
    await promisify(execFile)(process.execPath, [join(repositoryRoot, 'scripts/bundle_minion.mjs'), '--out', dir.path]);
    await Promise.all([start('small', { profile: 'lite' }), start('whole', { profile: 'full' })]);
  });
  afterAll(async () => {
    await Promise.all(minions.map((minion) => minion.stop()));
  });

  it('is small and tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    expect(statSync(bundle).size).toBeLessThan(BYTES_MAX);
    expect(await runProgram(bundle, ['--version'])).toMatchObject({ stdout: `salt-minion ${version}\n`, status: 0 });
  });

  it.each(['small', 'whole'])('answers a job: %s', async (id) => {
    expect(await call(id, 'test.ping')).toBe(true);
    expect(await call(id, 'cmd.run', 'echo $((6 * 7))', 'python_shell=True')).toBe('42');
  });

  it('has the functions, beacons and grains that a minion in many files has', async () => {
    const local = async (...words: string[]): Promise<unknown> => {
      const { stdout } = await runProgram('salt-call', ['-c', fleet().configDir('small'), ...words, '--out', 'json']);
      return JSON.parse(stdout).local;
    };
    const same = async (fun: string): Promise<void> => {
      const [bundled, usual] = await Promise.all([call('small', fun), local(fun)]);
      expect(bundled, fun).toEqual(usual);
    };
    expect(await call('small', 'saltutil.refresh_grains')).toBe(true);
    expect(await call('small', 'grains.get', 'saltpath')).toBe(bundle);
    await Promise.all(
      [
        'sys.list_functions',
        'sys.list_returners',
        'sys.list_runner_functions',
        'sys.unavailable_modules',
        'sys.unavailable_grains',
        'grains.ls',
      ].map(same),
    );
    const [beacons, others] = await Promise.all(
      ['small', 'whole'].map((id) => call(id, 'beacons.list_available', 'return_yaml=False')),
    );
    expect(beacons).toEqual(others);
    expect(pluginNames('minion/beacons')).toEqual(expect.arrayContaining(beacons as string[]));
    expect(beacons).toContain('load');
    expect(minions.map((minion) => minion.text()).join('')).not.toContain('WARNING');
  });

  it('loads a module of the operator', async () => {
    expect(await call('small', 'greet.hello', 'Ada')).toBe('hello Ada');
  });

  it.each(['small', 'whole'])('renders what its reactor says in a thread of the same file: %s', async (id) => {
    const { messages, connection } = await watchTopics(fleet().operatorSocket, ['salt/event/myapp/noted']);
    await call(id, 'event.fire', '{port: 79}', 'myapp/changed');
    const { text } = await messages.waitFor((message) => message.text.includes(id));
    expect(JSON.parse(text)).toMatchObject({ id, data: { port: 80, id } });
    await connection.close();
  });

  it('has with profile full a bus that others join, with lite none, and each has its directories for itself', async () => {
    const fire = (id: string) =>
      runProgram('salt-call', ['-c', fleet().configDir(id), 'event.fire', '{a: 1}', 'myapp/x', '--out', 'json']);
    expect(JSON.parse((await fire('whole')).stdout)).toEqual({ local: true });
    const refused = await fire('small');
    expect(refused.stdout).toContain('profile: lite has no bus');
    expect(refused.status).toBe(1);
    const second = (id: string) => runProgram(bundle, ['-c', fleet().configDir(id)]);
    for (const { stderr, status } of await Promise.all(['small', 'whole'].map(second))) {
      expect(stderr).toContain('another process listens on');
      expect(status).not.toBe(0);
    }
  });
});
