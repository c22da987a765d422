import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCustomGrains } from '../../../minion/custom_grains.ts';
import { type CustomGrains, createGrains, type GrainSource } from '../../../minion/grains.ts';
import { createExec } from '../../../minion/lib/exec.ts';
import sys from '../../../minion/modules/sys.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { fakeClock, fakeContext, fakeExec } from '../../support/fake_context.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';
import { grainSource } from '../../support/grain_source.ts';
import { runFunction } from '../../support/run_function.ts';

const exec = createExec({ env: { PATH: process.env.PATH }, log: silentLogger, clock: systemClock });
const script = (collect: string): string => `export default { summary: 'S.', collect: ${collect} };\n`;

async function open(files: Readonly<Record<string, string>>) {
  const folder = await fixtureRoot(files);
  const context = fakeContext();
  const custom = openCustomGrains({ folders: [folder], euid: process.geteuid?.() ?? -1, log: context.log });
  const collect = async (source: GrainSource = grainSource(folder, { exec })) =>
    Object.assign({}, ...(await custom.collect(source))) as Record<string, unknown>;
  return { folder, context, custom, collect };
}

/** All grains of a minion whose core knows its system alone. */
function grainsOf(folder: string, custom: CustomGrains, config: Readonly<Record<string, unknown>> = {}) {
  return createGrains({
    id: 'minion1',
    version: '0.1.0',
    config,
    env: {},
    file: join(folder, 'grains'),
    exec: fakeExec({}),
    clock: systemClock,
    log: silentLogger,
    folders: [
      {
        names: ['os'],
        load: async () => ({ summary: 'S.', collect: () => ({ os: 'Core', core: true }) }),
        rescan: () => undefined,
      },
    ],
    custom,
  });
}

test('scripts and programs give grains', async () => {
  const files = {
    'rack.js': script('async ({ id, readText }) => ({ rack: readText("/where").trim(), of: id })'),
    'rack2.mjs': 'export default ({ defineGrains }) => defineGrains({ summary: "S.", collect: () => ({ n: [1] }) });\n',
    'site.sh': '#!/bin/sh\necho \'{"site": {"name": "north"}}\'\n',
    where: 'r12\n',
  };
  const { custom, collect, context } = await open(files);
  expect(await collect()).toEqual({ rack: 'r12', of: 'minion1', n: [1], site: { name: 'north' } });
  // A text beside them, without an ending, is taken for a program that cannot be run.
  expect(Object.keys(custom.broken())).toEqual(['where']);
  expect(context.logged).toHaveLength(1);
});

test('what is broken is listed with its reason, and hurts nothing else', async () => {
  const files = {
    'bad.js': 'export default {',
    'no_mapping.js': script('() => 5'),
    'round.js': script('() => { const a = {}; a.a = a; return a; }'),
    'throws.js': script('() => { throw new Error("no luck"); }'),
    'module.js': 'export default { summary: "S.", functions: {} };\n',
    'once.js': script('() => ({}), collectOnce: async () => ({ a: 1 })'),
    'exits.sh': '#!/bin/sh\necho "the modem is gone" >&2\nexit 4\n',
    'talks.sh': '#!/bin/sh\necho hello\n',
    'open.js': script('() => ({ open: true })'),
    'good.js': script('() => ({ good: true, left_out: undefined })'),
  };
  const { custom, collect, folder } = await open(files);
  await chmod(join(folder, 'open.js'), 0o666);
  custom.rescan();
  expect(await collect()).toEqual({ good: true });
  const reasons = custom.broken();
  expect(Object.keys(reasons).sort()).toEqual(
    ['bad', 'exits', 'module', 'no_mapping', 'once', 'open', 'round', 'talks', 'throws'].sort(),
  );
  expect(reasons).toMatchObject({
    bad: expect.stringContaining('/bad.js: '),
    no_mapping: `${folder}/no_mapping.js: what it gives is no mapping of names to values`,
    throws: `${folder}/throws.js: Error: no luck`,
    module: expect.stringContaining('it has no function collect'),
    once: expect.stringContaining('collectOnce is for grains that come with Brine'),
    exits: expect.stringContaining('the modem is gone'),
    talks: expect.stringContaining('it wrote no JSON'),
    open: expect.stringContaining('everybody may write to it'),
  });
  const listed = { ...fakeContext(), grains: { ...fakeContext().grains, broken: custom.broken } };
  expect(await runFunction(listed, sys, 'sys.unavailable_grains')).toEqual(reasons);
  await rm(join(folder, 'bad.js'));
  custom.rescan();
  await collect();
  expect(custom.broken()).not.toHaveProperty('bad');
});

test('a script that does not come to an end is left behind, and a program too', async () => {
  const clock = fakeClock();
  const files = {
    'hangs.js': script('() => new Promise(() => {})'),
    'slow.sh': '#!/bin/sh\n',
    'good.js': script('() => ({ a: 1 })'),
  };
  const { custom, collect, folder } = await open(files);
  const slow = fakeExec({ [`${folder}/slow.sh`]: { timedOut: true } });
  const collected = collect(grainSource(folder, { clock, exec: slow }));
  let isOver = false;
  void collected.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    clock.advance(10_000);
    await new Promise(setImmediate);
  }
  expect(await collected).toEqual({ a: 1 });
  expect(custom.broken()).toEqual({
    hangs: `${folder}/hangs.js: it took longer than 10 s`,
    slow: `${folder}/slow.sh: it took longer than 10 s`,
  });
});

test('a refresh loads what changed and tells its name', async () => {
  const { custom, folder } = await open({
    'a.js': script('() => ({ os: "Mine", a: 1 })'),
    'b.js': script('() => ({ b: 1 })'),
  });
  const grains = await grainsOf(folder, custom);
  expect(grains.all()).toEqual({ os: 'Mine', core: true, a: 1, b: 1 });
  await writeFile(join(folder, 'a.js'), script('() => ({ a: 22 })'));
  await writeFile(join(folder, 'c.js'), script('() => ({ c: 3 })'));
  await rm(join(folder, 'b.js'));
  expect(await grains.refresh()).toEqual(['a', 'b', 'c']);
  expect(grains.all()).toEqual({ os: 'Core', core: true, a: 22, c: 3 });
  expect(await grains.refresh()).toEqual([]);
  await grains.updateCustom(() => ({ a: 'own' }));
  expect(grains.all().a).toBe('own');
});

test('mappings of several files are merged where the configuration says so, and blacklisted ones left out', async () => {
  const { custom, folder } = await open({
    'a.js': script('() => ({ app: { name: "a", ports: [1], deep: { x: 1 } }, secret_a: 1 })'),
    'b.js': script('() => ({ app: { ports: [2], deep: { y: 2 } }, core: { replaced: true } })'),
  });
  const config = {
    grains_deep_merge: true,
    grains: { app: { deep: { z: 3 } } },
    grains_blacklist: ['secret_*', 'o[st]'],
  };
  expect((await grainsOf(folder, custom, config)).all()).toEqual({
    app: { name: 'a', ports: [2], deep: { x: 1, y: 2, z: 3 } },
    core: { replaced: true },
  });
  expect((await grainsOf(folder, custom)).all()).toMatchObject({ app: { ports: [2], deep: { y: 2 } }, secret_a: 1 });
});
