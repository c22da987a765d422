import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import shadow from '../../../../minion/modules/shadow.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(commands: Parameters<typeof fakeExec>[0] = {}) {
  const root = await fixtureRoot({ 'etc/shadow': 'root:*:19000:0:99999:7:::\nanna:$6$s$h:19001:1:90:7:14:20000:\n' });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    file: join(root, 'etc/shadow'),
    run: (fun: string, ...args: unknown[]) => runFunction(context, shadow, `shadow.${fun}`, args),
    line: async () => (await readFile(join(root, 'etc/shadow'), 'utf8')).split('\n')[1],
  };
}

test('info gives days as numbers, and empty texts for who is not there', async () => {
  const { run } = await machine();
  const days = { lstchg: 19001, min: 1, max: 90, warn: 7, inact: 14, expire: 20000 };
  expect(await run('info', 'anna')).toEqual({ name: 'anna', passwd: '$6$s$h', ...days });
  expect(await run('info', 'root')).toMatchObject({ inact: -1, expire: -1 });
  expect(await run('info', 'none')).toMatchObject({ name: '', passwd: '', expire: '' });
  expect(await run('list_users')).toEqual(['anna', 'root']);
});

test('a new password is dated today and the file stays as private as it was', async () => {
  const { run, line, file } = await machine();
  const { mode } = await stat(file);
  expect(await run('set_password', 'anna', '$6$t$i')).toBe(true);
  expect(await line()).toBe('anna:$6$t$i:20454:1:90:7:14:20000:');
  expect((await stat(file)).mode).toBe(mode);
});

test('the days can be set, and unset by -1', async () => {
  const { run, line } = await machine();
  await run('set_inactdays', 'anna', -1);
  await run('set_maxdays', 'anna', 60);
  await run('set_mindays', 'anna', 2);
  await run('set_warndays', 'anna', 3);
  await run('set_date', 'anna', 0);
  await run('set_expire', 'anna', '1970-01-11');
  expect(await line()).toBe('anna:$6$s$h:0:2:60:3::10:');
});

test('a locked password is unlocked to what it was, and an empty one is not', async () => {
  const { run, line } = await machine();
  await run('lock_password', 'anna');
  await run('lock_password', 'anna');
  expect(await line()).toContain('anna:!$6$s$h:');
  await run('unlock_password', 'anna');
  expect(await line()).toContain('anna:$6$s$h:');
  await run('set_password', 'anna', '!');
  await expect(run('unlock_password', 'anna')).rejects.toThrow('would need no password');
});

test('usermod sets it on demand; a hash that would break the file is refused', async () => {
  const { run, line } = await machine({ 'usermod -p $6$a$b -- anna': '' });
  expect(await run('set_password', 'anna', '$6$a$b', true)).toBe(true);
  await expect(run('set_password', 'anna', 'x:0\nevil::0')).rejects.toThrow('a colon or a line break');
  await expect(run('set_password', 'none', 'x')).rejects.toThrow('no entry of none');
  expect(await line()).toContain('anna:$6$s$h:');
});

test('gen_password makes a hash of the kind asked for', async () => {
  const { run } = await machine();
  expect(await run('gen_password', 'p')).toMatch(/^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/);
  expect(await run('gen_password', 'p', 'salt', 'sha256')).toMatch(/^\$5\$salt\$[./0-9A-Za-z]{43}$/);
  await expect(run('gen_password', 'p', 'salt', 'md5')).rejects.toThrow('must be sha512 or sha256');
});
