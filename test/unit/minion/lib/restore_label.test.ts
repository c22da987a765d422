import { join } from 'node:path';
import { expect, test } from 'vitest';
import { restoreLabel } from '../../../../minion/lib/restore_label.ts';
import file from '../../../../minion/modules/file.ts';
import shadow from '../../../../minion/modules/shadow.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const files = { 'sys/fs/selinux/enforce': '1', 'etc/shadow': 'ada:*:19000:0:99999:7:::\n', 'etc/motd': 'a\n' };

async function machine() {
  const root = await fixtureRoot(files);
  const restored: string[] = [];
  const note = ([, , path = '']: readonly string[]) => {
    restored.push(path.slice(root.length));
    return '';
  };
  const paths = ['etc/shadow', 'etc/motd'].map((path) => `restorecon -- ${join(root, path)}`);
  const context = fakeContext({ root, exec: fakeExec(Object.fromEntries(paths.map((line) => [line, note]))) });
  return { root, context, restored };
}

test('a file that is replaced gets the SELinux context of its name', async () => {
  const { root, context, restored } = await machine();
  await runFunction(context, shadow, 'shadow.set_password', ['ada', '$6$s$h']);
  await runFunction(context, file, 'file.append', [join(root, 'etc/motd'), 'b']);
  await runFunction(context, file, 'file.replace', [join(root, 'etc/motd'), 'a', 'c'], { backup: false });
  expect(restored).toEqual(['/etc/shadow', '/etc/motd', '/etc/motd']);
});

test('a new file keeps that of its folder', async () => {
  const { root, context, restored } = await machine();
  await runFunction(context, file, 'file.write', [join(root, 'etc/new'), 'b']);
  expect(restored).toEqual([]);
});

test('nothing is done where there is no SELinux', async () => {
  const context = fakeContext({ root: await fixtureRoot({ f: '' }) });
  await restoreLabel(context, '/f');
  expect(context.logged).toEqual([]);
});

test('what fails is a warning, for the file itself is written', async () => {
  const root = await fixtureRoot(files);
  const exec = fakeExec({ 'restorecon -- /f': { retcode: 1, stderr: 'no such context\n' } });
  const context = fakeContext({ root, exec });
  await restoreLabel(context, '/f');
  await restoreLabel(context, '/g');
  expect(context.logged).toMatchObject([
    { level: 'warning', fields: { path: '/f', reason: 'no such context' } },
    { level: 'warning', fields: { path: '/g', reason: expect.stringContaining('unexpected command') } },
  ]);
});
