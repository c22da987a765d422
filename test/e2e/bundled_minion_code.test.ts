import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tellOfKeptCode } from '../support/code_teller.ts';
import { useProcesses } from '../support/fleet_processes.ts';
import { startProgram } from '../support/program.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';

const dir = makeTemporaryDir();
afterAll(dir.remove);
const bundle = join(dir.path, 'salt-minion.cjs');
const code = `${bundle}.cache`;
const modules = join(dir.path, 'modules');
const greeting = `export default ({ defineModule, fn, args: { Text } }) => defineModule({
  summary: 'Greet.',
  functions: { hello: fn({
    summary: 'Greet somebody.', args: { name: Text }, examples: ["salt '*' greet.hello Ada"], reads: true,
    run: (_context, { name }) => 'hello ' + name,
  }) },
});\n`;

/** It also tells when zones are looked up. */
const teller = tellOfKeptCode(
  join(dir.path, 'teller.cjs'),
  "Intl.DateTimeFormat = () => process.stderr.write('zones are loaded\\n');\n",
);

describe('a minion in one file', () => {
  const fleet = useProcesses({ minionConfig: { module_dirs: [modules] } });

  const call = async (...words: string[]): Promise<string> => {
    const { stdout, stderr } = await fleet().cli('salt', ['one', ...words]);
    return stdout + stderr;
  };

  /** Runs until it is connected, and `whenConnected` is over; what it wrote. */
  const run = async (whenConnected?: () => Promise<unknown>, variables = {}): Promise<string> => {
    const env = { ...teller, ...variables };
    const minion = startProgram(bundle, ['-c', fleet().configDir('one'), '-l', 'info'], { env });
    try {
      await minion.line(/connected to the master/);
      await whenConnected?.();
      return minion.text();
    } finally {
      await minion.stop();
    }
  };
  const untilKept = (isKept: () => boolean): Promise<void> =>
    vi.waitFor(() => expect(isKept()).toBe(true), { timeout: 20_000 });

  beforeAll(async () => {
    mkdirSync(modules);
    writeFileSync(join(modules, 'greet.js'), greeting, { mode: 0o644 });
    fleet().configureMinion('one', { profile: 'lite' });
    await promisify(execFile)(process.execPath, [join(repositoryRoot, 'scripts/bundle_minion.mjs'), '--out', dir.path]);
    const first = await run(() => untilKept(() => statSync(code, { throwIfNoEntry: false }) !== undefined));
    expect(first).toContain('kept code: not there');
  });

  it('starts with the code that V8 compiled at the first start', async () => {
    expect(await run()).toContain('kept code: taken');
  });

  it('loads a module of the operator with that code, too', async () => {
    const text = await run(async () => expect(await call('greet.hello', 'Ada')).toContain('hello Ada'));
    expect(text).toContain('kept code: taken');
  });

  it('takes no code that was changed, and replaces it', async () => {
    const whole = readFileSync(code);
    const changed = Buffer.from(whole);
    changed[changed.length >> 1]! ^= 1;
    writeFileSync(code, changed);
    const text = await run(() => untilKept(() => !readFileSync(code).equals(changed)));
    expect(text).toContain('kept code: not there');
    expect(await run()).toContain('kept code: taken');
  });

  it('takes no code of another program', async () => {
    const [own, kept] = [readFileSync(bundle, 'latin1'), readFileSync(code)];
    writeFileSync(bundle, own.replace(/(runBundle\(\{ id: ')./, '$1?'));
    expect(await run()).toContain('kept code: not there');
    writeFileSync(bundle, own);
    writeFileSync(code, kept);
  });

  it('takes no code that others may write', async () => {
    chmodSync(code, 0o666);
    expect(await run()).toContain('kept code: not there');
    chmodSync(code, 0o644);
  });

  it('keeps none when told so', async () => {
    expect(await run(undefined, { NODE_DISABLE_COMPILE_CACHE: '1' })).toContain('kept code: not there');
  });

  it('goes on when the file is replaced, and says so when it was written over', async () => {
    const whole = readFileSync(bundle);
    await run(async () => {
      renameSync(bundle, `${bundle}.old`);
      writeFileSync(bundle, 'another program');
      expect(await call('test.ping')).toContain('True');
      writeFileSync(`${bundle}.old`, 'another program');
      expect(await call('status.loadavg')).toContain('is another program by now: start it again');
    });
    writeFileSync(bundle, whole);
  });

  it('looks no zone up before it is connected', async () => {
    const text = await run();
    expect(text.slice(0, text.indexOf('connected to the master'))).not.toContain('zones are loaded');
  });
});
