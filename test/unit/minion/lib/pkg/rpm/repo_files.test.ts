import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const ROCKY = `# Rocky
[baseos]
name=Rocky Linux $releasever - BaseOS
mirrorlist=https://mirrors.example/?repo=BaseOS-$releasever
#baseurl=http://dl.example/$contentdir
gpgcheck=1
enabled = 1
gpgkey=file:///etc/pki/a
  file:///etc/pki/b

[baseos-source]
name=Source
baseurl=http://dl.example/source
enabled=0
`;
const PLACE = 'etc/yum.repos.d/rocky.repo';

async function machine(program: string, files: Record<string, string>) {
  const root = await fixtureRoot({ [`usr/bin/${program}`]: '#!', ...files });
  const context = fakeContext({ root });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, root, read: (path: string) => readFileSync(join(root, path), 'utf8') };
}

test('list_repos and get_repo give what stands in the files', async () => {
  const { run } = await machine('dnf', { [PLACE]: ROCKY, 'etc/yum.repos.d/x.repo.rpmsave': '[x]\n' });
  const repos = (await run('list_repos')) as Record<string, unknown>;
  expect(Object.keys(repos)).toEqual(['baseos', 'baseos-source']);
  expect(await run('get_repo', ['baseos'])).toEqual({
    file: `/${PLACE}`,
    name: 'Rocky Linux $releasever - BaseOS',
    mirrorlist: 'https://mirrors.example/?repo=BaseOS-$releasever',
    gpgcheck: '1',
    enabled: '1',
    gpgkey: 'file:///etc/pki/a\nfile:///etc/pki/b',
  });
  expect(await run('get_repo', ['nope'])).toEqual({});
});

test('mod_repo changes its settings in their places, and all else stays as it is written', async () => {
  const { run, read } = await machine('dnf', { [PLACE]: ROCKY });
  expect(await run('mod_repo', ['baseos'], { enabled: false, gpgkey: '', priority: 10 })).toMatchObject({
    [`/${PLACE}`]: { baseos: { enabled: '0', priority: '10' } },
  });
  expect(read(PLACE)).toBe(ROCKY.replace('enabled = 1', 'enabled=0').replace(/gpgkey.*\n.*\n/, 'priority=10\n'));
});

test('mod_repo adds a repository in a file of its own', async () => {
  const { run, read } = await machine('dnf', { [PLACE]: ROCKY });
  await run('mod_repo', ['epel'], { name: 'EPEL', baseurl: 'https://x/\n[evil]', gpgcheck: true });
  expect(read('etc/yum.repos.d/epel.repo')).toBe('[epel]\nname=EPEL\nbaseurl=https://x/ [evil]\ngpgcheck=1\n');
  for (const [id, settings] of [
    ['no-address', { name: 'x' }],
    ['../../passwd', { baseurl: 'x' }],
    ['x', { baseurl: 'x', 'a=b': 1 }],
  ] as const) {
    await expect(run('mod_repo', [id], settings)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  }
});

test('del_repo takes a section away, and the file with the last', async () => {
  const { run, read, root } = await machine('dnf', { [PLACE]: ROCKY });
  expect(await run('del_repo', ['baseos'], { refresh: false })).toBe(`Repo baseos has been removed from /${PLACE}`);
  expect(read(PLACE)).toBe(`# Rocky\n\n${ROCKY.slice(ROCKY.indexOf('[baseos-source]'))}`);
  await run('del_repo', ['baseos-source'], { refresh: false });
  expect(existsSync(join(root, PLACE))).toBe(false);
  await expect(run('del_repo', ['baseos'])).rejects.toThrow("there is no repository 'baseos'");
});

test('zypper has its own folder, words and truth values', async () => {
  const { run } = await machine('zypper', {
    'etc/zypp/repos.d/main.repo': '[main]\nname=Main\nenabled=1\nautorefresh=0\nbaseurl=http://x/\ntype=rpm-md\n',
  });
  await run('mod_repo', ['main'], { refresh: false, url: 'http://y/', humanname: 'M' });
  expect(await run('get_repo', ['main'])).toEqual({
    file: '/etc/zypp/repos.d/main.repo',
    name: 'M',
    enabled: true,
    autorefresh: false,
    baseurl: 'http://y/',
    type: 'rpm-md',
  });
  expect(await run('del_repo', ['main'], { refresh: false })).toMatchObject({ main: true });
});
