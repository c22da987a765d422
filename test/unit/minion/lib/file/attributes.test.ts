import { expect, test } from 'vitest';
import file from '../../../../../minion/modules/file.ts';
import { fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

async function machine(commands: (path: string) => Parameters<typeof fakeExec>[0]) {
  const root = await fixtureRoot({ 'etc/group': 'root:x:0:\n', 'etc/passwd': 'root:x:0:0::/root:/bin/sh\n', f: '' });
  const path = `${root}/f`;
  const context = fakeContext({ root, exec: fakeExec(commands(path)) });
  return {
    path,
    context,
    run: (fun: string, args: unknown[], kwargs = {}) => runFunction(context, file, `file.${fun}`, args, kwargs),
  };
}

test('file.lsattr lists the letters that are set', async () => {
  const { run, path } = await machine((name) => ({ [`lsattr -- ${name}`]: `----ia--------e------- ${name}\n` }));
  expect(await run('lsattr', [path])).toEqual({ [path]: ['i', 'a', 'e'] });
  await expect(run('lsattr', [`${path}x`])).rejects.toThrow('File or directory does not exist');
});

test('file.lsattr says so when the file system has no attributes', async () => {
  const stderr = 'lsattr: Operation not supported While reading flags on f\n';
  const { run, path } = await machine((name) => ({ [`lsattr -- ${name}`]: { retcode: 1, stderr } }));
  await expect(run('lsattr', [path])).rejects.toThrow('Operation not supported');
});

test('file.chattr sets and takes attributes', async () => {
  const { run, path, context } = await machine((name) => ({
    [`chattr -R -v 3 +ai -- ${name} b`]: '',
    [`chattr -i -- ${name}`]: { retcode: 1, stderr: 'chattr: Operation not permitted' },
  }));
  const add = { operator: 'add', attributes: 'ai', flags: 'R', version: 3 };
  expect(await run('chattr', [path, 'b'], add)).toBe(true);
  expect(await run('chattr', [path], { operator: 'remove', attributes: 'i' })).toBe(false);
  expect(context.logged.at(-1)?.message).toContain('Operation not permitted');
});

test.each([
  [{}, 'Need an operator'],
  [{ operator: 'add' }, 'Need attributes'],
  [{ operator: 'add', attributes: 'i', colour: 'red' }, "'colour' is an invalid keyword argument"],
])('file.chattr does not take %j', async (kwargs, message) => {
  const { run, path } = await machine(() => ({}));
  await expect(run('chattr', [path], kwargs)).rejects.toThrow(message);
});

test('file.check_perms sees to attributes', async () => {
  const { run, path } = await machine((name) => ({
    [`lsattr -- ${name}`]: `----i---------e------- ${name}\n`,
    [`chattr -i -- ${name}`]: '',
    [`chattr +a -- ${name}`]: '',
  }));
  expect(await run('check_perms', [path, {}, '', ''], { attrs: 'a' })).toMatchObject([
    { result: true, changes: { attrs: 'a' } },
    { lattrs: 'ie' },
  ]);
});

test('SELinux contexts are told, set and restored', async () => {
  const { run, path } = await machine((name) => ({
    [`ls -dZ -- ${name}`]: `unconfined_u:object_r:user_home_t:s0:c1,c2 ${name}\n`,
    [`chcon -u system_u -t etc_t -- ${name}`]: '',
    [`semanage fcontext -a -s system_u -t etc_t ${name}`]: '',
    [`restorecon -FR -- ${name}`]: '',
    [`restorecon -F -- ${name}`]: { retcode: 1 },
  }));
  expect(await run('get_selinux_context', [path])).toBe('unconfined_u:object_r:user_home_t:s0:c1,c2');
  expect(await run('set_selinux_context', [path])).toBe(false);
  expect(await run('set_selinux_context', [path, 'system_u'], { type: 'etc_t', persist: true })).toContain(
    'user_home_t',
  );
  await expect(run('set_selinux_context', [path], { role: 'x' })).rejects.toThrow('unexpected command');
  expect([await run('restorecon', [path, true]), await run('restorecon', [path])]).toEqual([true, false]);
});

test('a file without a context is told as such', async () => {
  const { run, path } = await machine((name) => ({ [`ls -dZ -- ${name}`]: `? ${name}\n` }));
  expect(await run('get_selinux_context', [path])).toBe(`No selinux context information is available for ${path}`);
});

test('file.check_perms sees to the SELinux context', async () => {
  const { run, path } = await machine((name) => ({
    [`ls -dZ -- ${name}`]: `unconfined_u:object_r:user_home_t:s0:c1,c2 ${name}\n`,
    [`chcon -u system_u -r object_r -t etc_t -- ${name}`]: '',
  }));
  const wanted = { seuser: 'system_u', serole: 'object_r', setype: 'etc_t' };
  expect(await run('check_perms', [path, {}, '', ''], wanted)).toMatchObject([
    { changes: { selinux: { New: 'User: system_u Type: etc_t', Old: 'User: unconfined_u Type: user_home_t' } } },
    {},
  ]);
  const same = await run('check_perms', [path, {}, '', ''], { setype: 'user_home_t', serange: 's0:c1,c2' });
  expect(same).toMatchObject([{ changes: {} }, {}]);
});
