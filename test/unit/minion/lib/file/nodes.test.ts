import { mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import file from '../../../../../minion/modules/file.ts';
import { fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';
import { runFunction } from '../../../../support/run_function.ts';

let machine: FileMachine;
beforeEach(async () => {
  machine = await fileMachine();
});
afterEach(() => machine.remove());

test('a pipe is made with its mode, and not made again', async () => {
  const path = join(machine.dir, 'new/pipe');
  expect(await machine.call('mknod', [path, 'p'], { mode: '0640' })).toEqual({
    name: path,
    changes: { new: `Fifo pipe ${path} created.` },
    comment: '',
    result: true,
  });
  expect([(await stat(path)).isFIFO(), (await stat(path)).mode & 0o777]).toEqual([true, 0o640]);
  expect(await machine.call('mknod_fifo', [path])).toMatchObject({
    result: false,
    comment: `File ${path} exists and cannot be overwritten`,
  });
  await expect(machine.call('mknod', [path, 'x'])).rejects.toThrow("Node type unavailable: 'x'");
});

test('devices are made by their numbers', async () => {
  const path = join(machine.dir, 'dev');
  const asked: string[] = [];
  const refuse = (argv: readonly string[]) => {
    asked.push(argv.join(' '));
    return { retcode: 1, stderr: 'mknod: Operation not permitted\n' };
  };
  const exec = fakeExec({ [`mknod -m 0660 -- ${path} c 180 31`]: refuse, [`mknod -m 0600 -- ${path} b 8 0`]: refuse });
  const context = fakeContext({ exec });
  const call = (fun: string, ...args: unknown[]) => runFunction(context, file, `file.${fun}`, args);
  await expect(call('mknod_chrdev', path, 180, 31)).rejects.toThrow('mknod: Operation not permitted');
  await expect(call('mknod_blkdev', path, 8, 0, null, null, '0600')).rejects.toThrow(`could not create ${path}`);
  expect(asked).toHaveLength(2);
});

test('the numbers of a device are told', async () => {
  expect(await machine.call('get_devmm', ['/dev/null'])).toEqual([1, 3]);
  expect(await machine.call('get_devmm', [machine.dir])).toEqual([0, 0]);
  expect(await machine.call('get_devmm', ['/no/such'])).toEqual([0, 0]);
});

test('open files are listed by file and by process', async () => {
  for (const [pid, target] of [
    ['7', '/var/log/a'],
    ['8', '/var/log/a'],
    ['8', 'socket:[12]'],
  ] as const) {
    await mkdir(join(machine.context.root, 'proc', pid, 'fd'), { recursive: true });
    await symlink(target, join(machine.context.root, 'proc', pid, 'fd', String(target.length)));
  }
  await mkdir(join(machine.context.root, 'proc/9'));
  expect(await machine.call('open_files')).toEqual({ '/var/log/a': [7, 8] });
  expect(await machine.call('open_files', [true])).toEqual({ 7: ['/var/log/a'], 8: ['/var/log/a'] });
});
