import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import cmd from '../../../../minion/modules/cmd.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(commands: Record<string, FakeCommand>, config: Record<string, unknown> = {}) {
  const root = await fixtureRoot({ 'mnt/image/bin/sh': '#!/bin/sh\n', 'proc/': '', 'etc/': '' });
  const mounted: string[] = ['/mnt/image/proc'];
  const functions = {
    'mount.is_mounted': ([path]: readonly unknown[]) => mounted.includes(String(path)),
    'mount.mount': ([path, device]: readonly unknown[]) => {
      if (device === '/broken') return 'mount: /broken: does not exist.';
      return mounted.push(String(path)) > 0;
    },
    'mount.umount': ([path]: readonly unknown[]) => mounted.splice(mounted.indexOf(String(path)), 1).length === 1,
  };
  const context = fakeContext({ root, exec: fakeExec(commands), functions, config });
  return {
    ...{ root, mounted, context },
    run: (command: unknown, kwargs = {}, directory = '/mnt/image') =>
      runFunction(context, cmd, 'cmd.run_chroot', [directory, command], kwargs),
  };
}

test('a line is run by the shell in there, and what was mounted for it is unmounted', async () => {
  const during: string[] = [];
  const { run, mounted } = await machine({
    'chroot /mnt/image /bin/sh -c ls / | wc -l': () => {
      during.push(...mounted);
      return '12\n';
    },
  });
  expect(await run('ls / | wc -l', { binds: ['/srv'] })).toBe('12');
  expect(during).toEqual(['proc', 'dev', 'sys', 'srv'].map((name) => `/mnt/image/${name}`));
  expect(mounted).toEqual(['/mnt/image/proc']);
});

test('a list is run without a shell, and a status is that of the job', async () => {
  const { run, context } = await machine({
    'chroot /mnt/image apt-get update': { retcode: 100, stdout: 'E: no network\n' },
    'chroot /mnt/image ls a b': '',
  });
  expect(await run(['apt-get', 'update'])).toBe('E: no network');
  expect(context.retcodes).toEqual([100]);
  expect(await run("ls 'a' b", { python_shell: false })).toBe('');
});

test('what cannot be mounted is told, and the rest is unmounted', async () => {
  const { run, mounted } = await machine({});
  await expect(run('ls', { binds: ['/broken'] })).rejects.toThrow(
    '/mnt/image/broken cannot be mounted: mount: /broken',
  );
  expect(mounted).toEqual(['/mnt/image/proc']);
});

test('nothing is mounted behind a link that leads out of the other root', async () => {
  const { run, root, mounted } = await machine({});
  await symlink(join(root, 'etc'), join(root, 'mnt/image/dev'));
  await expect(run('ls')).rejects.toThrow('/mnt/image/dev leads out of /mnt/image');
  expect(mounted).toEqual(['/mnt/image/proc']);
});

test('the machine itself is no other root, and a guard of the minion holds in there too', async () => {
  const { run } = await machine({}, { cmd_blacklist_glob: ['rm *'] });
  await expect(run('ls', {}, '/')).rejects.toThrow('/ is no directory that could be another root');
  await expect(run('ls', {}, '/none')).rejects.toThrow('/none is no directory that could be another root');
  await expect(run('rm -r /')).rejects.toThrow('"rm -r /" is not permitted');
  await expect(run('sleep 9', { bg: true })).rejects.toThrow('what is left behind is killed');
});

test('a process that is left behind is killed', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  const { run, root } = await machine({ 'chroot /mnt/image /bin/sh -c daemon': '' });
  await mkdir(join(root, `proc/${child.pid}`));
  await symlink('/mnt/image', join(root, `proc/${child.pid}/root`));
  await run('daemon');
  expect(await ended).toEqual([null, 'SIGKILL']);
});
