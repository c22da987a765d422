import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import alternatives from '../../../../minion/modules/alternatives.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const display = `editor - auto mode
  link best version is /usr/bin/vim.basic
  link currently points to /usr/bin/vim.basic
  link editor is /usr/bin/editor
  slave editor.1.gz is /usr/share/man/man1/editor.1.gz
/bin/nano - priority 40
  slave editor.1.gz: /usr/share/man/man1/nano.1.gz
/usr/bin/vim.basic - priority 30
`;

async function machine(commands: Parameters<typeof fakeExec>[0]) {
  const root = await fixtureRoot({ 'usr/bin/update-alternatives': '#!' });
  await mkdir(join(root, 'etc/alternatives'), { recursive: true });
  await symlink('/usr/bin/vim.basic', join(root, 'etc/alternatives/editor'));
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return (fun: string, ...args: unknown[]) => runFunction(context, alternatives, `alternatives.${fun}`, args);
}

test('the link, the choices and the chosen one are told apart', async () => {
  const run = await machine({ 'update-alternatives --display editor': display });
  expect(await run('display', 'editor')).toBe(display.trim());
  expect(await run('show_link', 'editor')).toBe('/usr/bin/editor');
  expect(await run('show_current', 'editor')).toBe('/usr/bin/vim.basic');
  expect(await run('show_current', 'pager')).toBe(false);
  expect(await run('check_exists', 'editor', '/bin/nano')).toBe(true);
  expect(await run('check_exists', 'editor', '/bin/nan')).toBe(false);
  expect(await run('check_installed', 'editor', '/usr/bin/vim.basic')).toBe(true);
  expect(await run('check_installed', 'editor', '/bin/nano')).toBe(false);
});

test('changes return what was written, and fail with it', async () => {
  const stderr = 'update-alternatives: error: alternative /x for editor not registered; not setting\n';
  const run = await machine({
    'update-alternatives --install /usr/bin/editor editor /bin/ed -5': 'using /bin/ed\n',
    'update-alternatives --remove editor /bin/ed': '',
    'update-alternatives --auto editor': '',
    'update-alternatives --set editor /x': { retcode: 2, stderr },
  });
  expect(await run('install', 'editor', '/usr/bin/editor', '/bin/ed', -5)).toBe('using /bin/ed');
  expect(await run('remove', 'editor', '/bin/ed')).toBe('');
  expect(await run('auto', 'editor')).toBe('');
  await expect(run('set', 'editor', '/x')).rejects.toThrow('not registered');
});
