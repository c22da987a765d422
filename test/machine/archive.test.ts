import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createExec } from '../../minion/lib/exec.ts';
import archive from '../../minion/modules/archive.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext } from '../support/fake_context.ts';
import { runFunction } from '../support/run_function.ts';
import { temporaryDir } from '../support/temporary_dir.ts';

const text = 'a line that comes again\n'.repeat(5000);

function machine() {
  const dir = temporaryDir();
  mkdirSync(join(dir, 'in'));
  writeFileSync(join(dir, 'in/größe'), text, { mode: 0o640 });
  writeFileSync(join(dir, 'in/empty'), '');
  symlinkSync('empty', join(dir, 'in/link'));
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ exec, grains: { path: process.env.PATH } });
  const run = (fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, archive, `archive.${fun}`, args, kwargs);
  return { dir, run };
}

test('the program unzip reads what archive.zip wrote', async () => {
  const { dir, run } = machine();
  await run('zip', [join(dir, 'x.zip'), 'in'], { cwd: dir });
  expect(execFileSync('unzip', ['-t', join(dir, 'x.zip')], { encoding: 'utf8' })).toContain('No errors detected');
  await run('cmd_unzip', [join(dir, 'x.zip'), join(dir, 'out')]);
  expect(readFileSync(join(dir, 'out/in/größe'), 'utf8')).toBe(text);
});

test.each([[[]], [['-e', '-P', 'pa55']], [['-0']]])(
  'archive.unzip reads what the program zip %j wrote',
  async (options) => {
    const { dir, run } = machine();
    execFileSync('zip', ['-q', '-r', '-y', ...options, 'x.zip', 'in'], { cwd: dir });
    const names = await run('unzip', [join(dir, 'x.zip'), join(dir, 'out')], { password: 'pa55' });
    expect(names).toEqual(expect.arrayContaining(['in/', 'in/größe', 'in/empty', 'in/link']));
    expect(readFileSync(join(dir, 'out/in/größe'), 'utf8')).toBe(text);
    expect(readFileSync(join(dir, 'out/in/link'), 'utf8')).toBe('');
    expect(await run('is_encrypted', [join(dir, 'x.zip')])).toBe(options.includes('-e'));
  },
);
