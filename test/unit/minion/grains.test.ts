import { readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  collectGrains,
  coreGrains,
  createGrains,
  defineGrains,
  type GrainSpec,
  type GrainsOptions,
} from '../../../minion/grains.ts';
import type { PluginFolder } from '../../../shared/plugin/load_folder.ts';
import { fakeClock, fakeContext, fakeExec } from '../../support/fake_context.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';
import { distributionRoot, fakePlatform, grainSource } from '../../support/grain_source.ts';

function folderOf(specs: Readonly<Record<string, GrainSpec['collect']>>): PluginFolder<GrainSpec> {
  return {
    names: Object.keys(specs).sort(),
    rescan: () => undefined,
    load: async (name) => defineGrains({ summary: 'For a test.', collect: specs[name] as GrainSpec['collect'] }),
  };
}

async function options(overrides: Partial<GrainsOptions> = {}): Promise<GrainsOptions> {
  const root = await fixtureRoot({ 'etc/salt/': '' });
  return {
    id: 'minion1',
    version: '0.1.0',
    config: {},
    env: {},
    file: join(root, 'etc/salt/grains'),
    exec: fakeExec({}),
    clock: fakeClock(),
    log: fakeContext().log,
    folders: [folderOf({ core: () => ({ os: 'Debian', roles: { core: 1 }, mem_total: 1024 }) })],
    platform: () => fakePlatform(),
    ...overrides,
  };
}

const silentLog = fakeContext().log;

test.each(readdirSync(distributionRoot('')).filter((name) => name !== 'macos'))(
  'all core grains of %s are collected without a failure and without a process',
  async (name) => {
    const context = fakeContext();
    const grains = await collectGrains(coreGrains(), grainSource(distributionRoot(name)), context.log);
    expect(context.logged).toEqual([]);
    expect(grains).toMatchObject({ id: 'minion1', kernel: 'Linux', fqdn: expect.any(String), os: expect.any(String) });
  },
);

test('a machine that has none of the files of Linux has grains too', async () => {
  const context = fakeContext();
  const source = grainSource(await fixtureRoot({}), { platform: fakePlatform({ kernel: 'Darwin' }) });
  const grains = await collectGrains(coreGrains(), source, context.log);
  expect(context.logged).toEqual([]);
  expect(grains).toMatchObject({ os: 'MacOS', init: 'launchd', num_cpus: 2, mem_total: 8192, host: 'web1' });
});

test('each core grain file has a summary and is named once', async () => {
  const folder = coreGrains();
  expect(folder.names).toContain('os');
  for (const name of folder.names) expect((await folder.load(name))?.summary, name).toMatch(/^[A-Z].*\.$/);
});

test('a file that fails costs its own grains alone and is logged', async () => {
  const context = fakeContext();
  const broken = () => {
    throw new Error('no such luck');
  };
  const grains = await collectGrains(folderOf({ broken, good: () => ({ a: 1 }) }), grainSource('/'), context.log);
  expect(grains).toEqual({ a: 1 });
  expect(context.logged).toMatchObject([{ level: 'warning', fields: { file: 'broken' } }]);
});

test('the static file is stronger than core grains, and the configuration stronger than the file', async () => {
  const given = await options({ config: { grains: { color: 'config' } } });
  await writeFile(given.file, 'os: Mine\ncolor: file\nroles: {own: 2}\n');
  expect((await createGrains(given)).all()).toEqual({
    os: 'Mine',
    color: 'config',
    roles: { own: 2 },
    mem_total: 1024,
  });
});

test('grains_deep_merge merges mappings of one name', async () => {
  const given = await options({ config: { grains_deep_merge: true, grains: { roles: { config: 3 } } } });
  await writeFile(given.file, 'roles: {own: 2}\n');
  expect((await createGrains(given)).all()).toMatchObject({ roles: { core: 1, own: 2, config: 3 } });
});

test('grains_blacklist leaves out what its globs match', async () => {
  const given = await options({ config: { grains_blacklist: ['mem_*', 'r?les'] } });
  expect((await createGrains(given)).all()).toEqual({ os: 'Debian' });
});

test('of several folders the last is the strongest', async () => {
  const folders = [folderOf({ core: () => ({ a: 1, b: 1 }) }), folderOf({ custom: () => ({ b: 2 }) })];
  expect((await createGrains(await options({ folders }))).all()).toEqual({ a: 1, b: 2 });
});

test('what is written is in the file, readable by owner and group alone, and in the grains at once', async () => {
  const given = await options();
  const grains = await createGrains(given);
  await grains.updateCustom(() => ({ roles: ['web', 'yes'], mode: '0644' }));
  expect(await readFile(given.file, 'utf8')).toBe("mode: '0644'\nroles:\n- web\n- 'yes'\n");
  expect((await stat(given.file)).mode & 0o777).toBe(0o640);
  expect(grains.all()).toMatchObject({ os: 'Debian', roles: ['web', 'yes'], mode: '0644' });
  expect(await grains.readCustom()).toEqual({ roles: ['web', 'yes'], mode: '0644' });
});

test('changes made at the same time are all kept', async () => {
  const given = await options();
  const grains = await createGrains(given);
  const keys = ['a', 'b', 'c'];
  await Promise.all(keys.map((key) => grains.updateCustom((present) => ({ ...present, [key]: 1 }))));
  expect(await grains.readCustom()).toEqual({ a: 1, b: 1, c: 1 });
});

test('a file that is missing or empty holds no grains', async () => {
  const given = await options();
  const grains = await createGrains(given);
  expect(await grains.readCustom()).toEqual({});
  await writeFile(given.file, '# nothing yet\n');
  expect(await grains.readCustom()).toEqual({});
});

test.each(['- a\n- list\n', 'a: [1\n'])(
  'a broken file is an error to who edits and a log line to who starts: %j',
  async (text) => {
    const context = fakeContext();
    const given = await options({ log: context.log });
    await writeFile(given.file, text);
    const grains = await createGrains(given);
    expect(grains.all()).toMatchObject({ os: 'Debian' });
    expect(context.logged).toMatchObject([{ level: 'error' }]);
    await expect(grains.readCustom()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('a folder that cannot be written to is an error that names the file', async () => {
  const given = { ...(await options()), file: '/no-such-folder/grains' };
  const grains = await createGrains(given);
  await expect(grains.updateCustom(() => ({ a: 1 }))).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('/no-such-folder/grains'),
  });
});

test('refreshes that overlap end with the newest view', async () => {
  let count = 0;
  const given = await options({ log: silentLog, folders: [folderOf({ core: () => ({ count: ++count }) })] });
  const grains = await createGrains(given);
  await Promise.all([grains.refresh(), grains.refresh()]);
  expect(grains.all()).toEqual({ count: 3 });
});

test('what is asked once waits until it is wanted, and nothing waits for it; it is stronger than core grains, weaker than an own one, and stays', async () => {
  let asked = 0;
  let answer = (_: Readonly<Record<string, unknown>>): void => undefined;
  const answered = new Promise<Readonly<Record<string, unknown>>>((resolve) => {
    answer = resolve;
  });
  const slow = defineGrains({
    summary: 'For a test.',
    collect: () => ({ os: 'Debian', slow: 'no', color: 'core' }),
    collectOnce() {
      asked++;
      return answered;
    },
  });
  const folder = { names: ['slow'], rescan: () => undefined, load: async () => slow };
  const grains = await createGrains(await options({ folders: [folder], config: { grains: { color: 'own' } } }));
  expect(grains.all()).toEqual({ os: 'Debian', slow: 'no', color: 'own' });
  expect(asked).toBe(0);
  const complete = grains.complete();
  answer({ slow: 'yes', color: 'slow' });
  await complete;
  expect(grains.all()).toEqual({ os: 'Debian', slow: 'yes', color: 'own' });
  await grains.refresh();
  expect(grains.all()).toEqual({ os: 'Debian', slow: 'yes', color: 'own' });
  expect(asked).toBe(1);
});

test('what fails when it is asked once costs its own grains alone', async () => {
  const context = fakeContext();
  const broken = defineGrains({
    summary: 'For a test.',
    collect: () => ({ a: 1 }),
    async collectOnce() {
      throw new Error('no such luck');
    },
  });
  const folder = { names: ['broken'], rescan: () => undefined, load: async () => broken };
  const grains = await createGrains(await options({ folders: [folder], log: context.log }));
  await grains.complete();
  expect(grains.all()).toEqual({ a: 1 });
  expect(context.logged).toMatchObject([{ level: 'warning', fields: { file: 'broken' } }]);
});
