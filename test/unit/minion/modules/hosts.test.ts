import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import hosts from '../../../../minion/modules/hosts.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const HOSTS =
  '# static\n127.0.0.1\tlocalhost\n\n10.0.0.5 db1 db1.example.com # the old one\n::1 localhost ip6-localhost\n';

async function machine() {
  const root = await fixtureRoot({ 'etc/hosts': HOSTS });
  const context = fakeContext({ root });
  const run = (fun: string, args: unknown[] = [], kwargs = {}) =>
    runFunction(context, hosts, `hosts.${fun}`, args, kwargs);
  return { run, text: () => readFile(join(root, 'etc/hosts'), 'utf8') };
}

test('what the file says is listed and looked up', async () => {
  const { run } = await machine();
  expect(await run('list_hosts')).toEqual({
    'comment-0': 'static',
    '127.0.0.1': { aliases: ['localhost'] },
    '10.0.0.5': { aliases: ['db1', 'db1.example.com'] },
    '::1': { aliases: ['localhost', 'ip6-localhost'] },
  });
  expect(await run('get_ip', ['db1.example.com'])).toBe('10.0.0.5');
  expect(await run('get_ip', ['nobody'])).toBe('');
  expect(await run('get_alias', ['::1'])).toEqual(['localhost', 'ip6-localhost']);
  expect(await run('has_pair', ['10.0.0.5', 'db1'])).toBe(true);
  expect(await run('has_pair', ['10.0.0.5', ['db1', 'db2']])).toBe(false);
});

test('a name is added where its address stands, and all else stays as it is', async () => {
  const { run, text } = await machine();
  expect(await run('add_host', ['10.0.0.5', 'db'])).toBe(true);
  expect(await text()).toBe(HOSTS.replace(/10.*one/, '10.0.0.5\t\tdb1 db1.example.com db\t# the old one'));
  await run('add_host', ['10.0.0.6', 'web1 web']);
  expect(await text()).toContain('ip6-localhost\n10.0.0.6\t\tweb1 web\n');
  const before = await text();
  await run('add_host', ['10.0.0.6', 'web']);
  expect(await text()).toBe(before);
});

test('names are set, commented on and taken away', async () => {
  const { run, text } = await machine();
  await run('set_host', ['10.0.0.5', 'db9']);
  expect(await text()).toContain('10.0.0.5\t\tdb9\t# the old one\n');
  expect(await run('set_comment', ['10.0.0.5', 'the new one'])).toBe(true);
  expect(await text()).toContain('10.0.0.5\t\tdb9\t# the new one\n');
  expect(await run('set_comment', ['10.0.0.7', 'x'])).toBe(false);
  await run('rm_host', ['::1', 'localhost']);
  expect(await text()).toContain('::1\t\tip6-localhost\n');
  await run('rm_host', ['10.0.0.5', 'db9']);
  expect(await text()).not.toContain('10.0.0.5');
  await run('set_host', ['127.0.0.1']);
  expect(await text()).not.toContain('127.0.0.1');
});

test.each([
  ['add_host', ['10.0.0.999', 'x'], 'ip: must be an address'],
  ['add_host', ['10.0.0.1', 'a b\nc;d'], 'alias: must be names of hosts'],
  ['set_comment', ['10.0.0.5', 'a\n6.6.6.6 bank'], 'comment: must be one line'],
])('%s %j is refused', async (fun, args, why) => {
  const { run, text } = await machine();
  await expect(run(fun, args)).rejects.toThrow(why);
  expect(await text()).toBe(HOSTS);
});
