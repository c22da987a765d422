import { statfs } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import disk from '../../../../minion/modules/disk.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(mounts: readonly string[], commands: Record<string, FakeCommand> = {}) {
  const root = await fixtureRoot({ 'proc/mounts': `${mounts.join('\n')}\n`, 'srv/my data/': '' });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    root,
    context,
    call: (fun: string, args: unknown[] = [], kwargs = {}) => runFunction(context, disk, `disk.${fun}`, args, kwargs),
  };
}

// `stat -f` is asked only about file servers, and its answer is the same everywhere.
const nfs = 'files:/export /net nfs4 rw 0 0';
const statNfs = 'stat -f -c %S %b %f %a %c %d /net';

describe('usage', () => {
  test('has the numbers of the file system in units of 1024 bytes', async () => {
    const { root, call } = await machine(['/dev/vda / ext4 rw 0 0']);
    const { bsize, blocks } = await statfs(root);
    expect(await call('usage')).toEqual({
      '/': {
        filesystem: '/dev/vda',
        '1K-blocks': String((blocks * bsize) / 1024),
        used: expect.stringMatching(/^\d+$/),
        available: expect.stringMatching(/^\d+$/),
        capacity: expect.stringMatching(/^\d+%$/),
      },
    });
  });

  test('rounds the capacity up and counts only what users can have', async () => {
    const { call } = await machine([nfs], { [statNfs]: '4096 1000 600 500 200 150\n' });
    expect(await call('usage')).toEqual({
      '/net': { filesystem: 'files:/export', '1K-blocks': '4000', used: '1600', available: '2000', capacity: '45%' },
    });
    expect(await call('percent', ['/net'])).toBe('45%');
    expect(await call('inodeusage')).toEqual({
      '/net': { filesystem: 'files:/export', inodes: '200', used: '50', free: '150', use: '25%' },
    });
  });

  test('shows a device once, at its shortest path, and the names with blanks', async () => {
    const { call } = await machine([
      '/dev/vda /srv/my\\040data ext4 rw 0 0',
      '/dev/vda / ext4 rw 0 0',
      '/dev/vdb /srv/my\\040data ext4 rw 0 0',
    ]);
    expect(Object.keys((await call('usage')) as object)).toEqual(['/srv/my data', '/']);
    expect(await call('usage')).toMatchObject({ '/srv/my data': { filesystem: '/dev/vdb' } });
  });

  test('leaves out file systems without blocks unless asked for all', async () => {
    const { call } = await machine([nfs], { [statNfs]: '4096 0 0 0 0 0\n' });
    expect(await call('usage')).toEqual({});
    expect(await call('usage', ['a'])).toMatchObject({ '/net': { '1K-blocks': '0', capacity: '-' } });
  });

  test('leaves out file servers when asked for local ones', async () => {
    const { call } = await machine([nfs, '/dev/vda / ext4 rw 0 0']);
    expect(Object.keys((await call('usage', ['l'])) as object)).toEqual(['/']);
  });

  test('a server that does not answer and a path that is gone are left out with a warning', async () => {
    const { call, context } = await machine([nfs, '/dev/vda /gone ext4 rw 0 0'], {
      [statNfs]: { retcode: 143, timedOut: true },
    });
    expect(await call('usage')).toEqual({});
    expect(context.logged).toMatchObject([{ level: 'warning', fields: { path: '/gone' } }]);
  });

  test('refuses a letter that has no meaning', async () => {
    const { call } = await machine([]);
    await expect(call('usage', ['x'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'Invalid flag passed to disk.usage: x',
    });
  });
});

test('percent of a path that is no mount point is empty', async () => {
  const { call } = await machine(['/dev/vda / ext4 rw 0 0']);
  expect(await call('percent', ['/none'])).toEqual({});
  expect(await call('percent')).toEqual({ '/': expect.stringMatching(/^\d+%$/) });
});

test('blkid attributes are a mapping for each device', async () => {
  const { call } = await machine([], {
    blkid: '/dev/vda1: LABEL="my root" UUID="0a34-07de" TYPE="ext4" PARTUUID="ab-01"\n/dev/vda2: TYPE="swap"\n',
    'blkid /dev/vda2': '/dev/vda2: TYPE="swap"\n',
    'blkid -t TYPE=none': { retcode: 2 },
  });
  expect(await call('blkid')).toEqual({
    '/dev/vda1': { LABEL: 'my root', UUID: '0a34-07de', TYPE: 'ext4', PARTUUID: 'ab-01' },
    '/dev/vda2': { TYPE: 'swap' },
  });
  expect(await call('blkid', ['/dev/vda2'])).toEqual({ '/dev/vda2': { TYPE: 'swap' } });
  expect(await call('blkid', [], { token: 'TYPE=none' })).toEqual({});
});

test('the type of a file system is known of mounted devices, and asked for of others', async () => {
  const { call } = await machine(['/dev/vda / ext4 rw 0 0', 'tmpfs /tmp tmpfs rw 0 0'], {
    'blkid -o value -s TYPE /dev/vdb': 'xfs\n',
  });
  expect(await call('fstype', ['/dev/vda'])).toBe('ext4');
  expect(await call('fstype', ['/dev/vdb'])).toBe('xfs');
  expect(await call('get_fstype_from_path', ['/tmp/a/b'])).toBe('tmpfs');
  expect(await call('get_fstype_from_path', ['/tmpfile'])).toBe('ext4');
});

test('the module says why it cannot be used without /proc', async () => {
  const context = fakeContext({ root: await fixtureRoot({}) });
  expect(disk.unavailable?.(context)).toBe('there is no /proc/mounts on this system');
});
