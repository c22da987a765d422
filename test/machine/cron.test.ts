import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createExec } from '../../minion/lib/exec.ts';
import cron from '../../minion/modules/cron.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext } from '../support/fake_context.ts';
import { runFunction } from '../support/run_function.ts';
import { temporaryDir } from '../support/temporary_dir.ts';

/** It changes the crontab of a user who has none, and removes it: Debian with cron, as root. */
const USER = 'nobody';

test('jobs are set and removed by the crontab program of this machine', async () => {
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ exec, root: '/' });
  const run = (fun: string, ...args: unknown[]) => runFunction(context, cron, `cron.${fun}`, [USER, ...args]);

  expect(cron.unavailable?.(context)).toBeUndefined();
  expect(await run('raw_cron')).toBe('');
  onTestFinished(() => void execFileSync('crontab', ['-u', USER, '-r'], { stdio: 'ignore' }));

  const job = ['*/5', '4', '*', '*', '1', '/bin/true "a  b"', false, 'what it does', 'mine'];
  expect(await run('set_job', ...job)).toBe('new');
  expect(await run('set_job', ...job)).toBe('present');
  expect(await run('set_special', '@daily', '/bin/false')).toBe('new');
  expect(await run('set_env', 'MAILTO')).toBe('new');
  expect(execFileSync('crontab', ['-u', USER, '-l'], { encoding: 'utf8' })).toBe(
    `# Lines below here are managed by Salt, do not edit
MAILTO=""
# what it does SALT_CRON_IDENTIFIER:mine
*/5 4 * * 1 /bin/true "a  b"
@daily /bin/false
`,
  );
  await expect(run('set_job', '99', '4', '*', '*', '*', '/bin/true')).rejects.toThrow('bad minute');
  expect(await run('rm_job', '', undefined, undefined, undefined, undefined, undefined, 'mine')).toBe('removed');
  expect(await run('rm_special', '/bin/false')).toBe('removed');
  expect(await run('list_tab')).toMatchObject({ crons: [], special: [] });

  const file = join(temporaryDir(), 'tab');
  writeFileSync(file, '1 2 3 4 5 /bin/true\n');
  expect(await run('write_cron_file', file)).toBe(true);
  expect(await run('raw_cron')).toBe('1 2 3 4 5 /bin/true\n');
  await expect(runFunction(context, cron, 'cron.list_tab', ['no-such-user'])).rejects.toThrow(
    'cannot read the crontab of no-such-user',
  );
});
