import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tellOfKeptCode } from '../support/code_teller.ts';
import { useProcesses } from '../support/fleet_processes.ts';
import { runProgram } from '../support/program.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';

const dir = makeTemporaryDir();
afterAll(dir.remove);
const env = tellOfKeptCode(join(dir.path, 'teller.cjs'));

describe("an operator's command", () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const dist = join(dir.path, 'dist');
  const start = join(dist, 'start');
  const run = (...words: string[]) =>
    runProgram(join(dist, 'salt.cjs'), ['-c', fleet().configDir('master'), ...words], { env });

  beforeAll(() => {
    mkdirSync(dist);
    const built = process.env.BRINE_DIST ?? join(repositoryRoot, 'dist');
    for (const name of ['salt.cjs', 'start', 'package.json']) {
      cpSync(join(built, name), join(dist, name), { recursive: true });
    }
  });

  it.each([
    ['salt', ['m1', 'test.ping'], 'True'],
    ['salt-key', ['-L'], 'Accepted Keys:'],
    ['salt-run', ['manage.up'], '- m1'],
  ])('starts with the code that V8 compiled when it was built: %s', async (name, words, answer) => {
    const { stdout, stderr, status } = await runProgram(name, ['-c', fleet().configDir('master'), ...words], { env });
    expect(stdout).toContain(answer);
    expect(stderr).toBe('kept code: taken\n');
    expect(status).toBe(0);
  });

  it('takes no kept code that was changed, is of another build or can be written by others', async () => {
    const [script, code] = [join(start, 'salt.js'), join(start, 'salt.js.cache')];
    const [text, kept] = [readFileSync(script, 'latin1'), readFileSync(code)];
    const changed = Buffer.from(kept);
    changed[changed.length >> 1]! ^= 1;
    writeFileSync(code, changed);
    expect((await run('m1', 'test.ping')).stderr).toBe('kept code: not there\n');
    writeFileSync(code, kept);
    writeFileSync(script, text.replace(/^\/\/./, '//?'));
    expect((await run('m1', 'test.ping')).stderr).toBe('kept code: not there\n');
    writeFileSync(script, text);
    chmodSync(code, 0o666);
    expect(await run('m1', 'test.ping')).toMatchObject({ stdout: 'm1:\n    True\n', stderr: 'kept code: not there\n' });
  });

  it('tells an error of a plugin of its own in one line', async () => {
    const { stderr, status } = await runProgram('salt', [
      '--out',
      'nestd',
      '-c',
      fleet().configDir('master'),
      'm1',
      'test.ping',
    ]);
    expect(stderr).toBe("salt: there is no outputter 'nestd'; did you mean nested?\n");
    expect(status).toBe(64);
  });
});
