import { expect, test } from 'vitest';
import { defineModule, fn, type MinionContext } from '../../../../minion/context.ts';
import { emulatedModules, slowModules } from '../../../../minion/emulator/emulated_modules.ts';
import type { ModuleSpec } from '../../../../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../../../shared/plugin/load_folder.ts';
import { fakeClock, fakeContext } from '../../../support/fake_context.ts';

const real = loadFolder<ModuleSpec<MinionContext>>(programFolder('minion/modules'));

test('modules that touch the machine are not among those of an emulated minion', async () => {
  const modules = emulatedModules(real);
  expect(await modules.load('cmd')).toBeUndefined();
  for (const name of modules.names) expect(await modules.load(name)).toBe(await real.load(name));
});

test('a slow function runs when its time has passed', async () => {
  const clock = fakeClock(0);
  const hello = fn({ summary: 'Say hello.', args: {}, examples: ['salt m1 a.hello'], run: () => 'hello' });
  const module = defineModule({ summary: 'Be polite.', functions: { hello } });
  const folder: PluginFolder<ModuleSpec<MinionContext>> = {
    names: ['a'],
    load: async (name) => (name === 'a' ? module : undefined),
    rescan: () => undefined,
  };
  const slow = slowModules(folder, 5000, clock);
  const loaded = await slow.load('a');
  let answer: unknown;
  const done = Promise.resolve(loaded?.functions.hello?.run(fakeContext(), {}, { args: [], kwargs: {} })).then(
    (value) => {
      answer = value;
    },
  );
  clock.advance(4999);
  await Promise.resolve();
  expect(answer).toBeUndefined();
  clock.advance(1);
  await done;
  expect(answer).toBe('hello');
  expect(await slow.load('b')).toBeUndefined();
});
