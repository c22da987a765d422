import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepGrains } from '../../../minion/keep_grains.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { Inbox } from '../../integration/broker/inbox.ts';
import { fakeClock, fakeContext } from '../../support/fake_context.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';

/** A clock on which a pause is over at once, however long. */
const hasty: Clock = { ...systemClock, after: (_delayMs, run) => systemClock.after(1, run) };

async function setUp({ clock, minutes = 0 }: { readonly clock: Clock; readonly minutes?: number }) {
  const root = await fixtureRoot({ 'etc/salt/': '', 'custom/': '' });
  const refreshed = new Inbox<number>();
  const told = new Inbox<unknown>();
  const context = fakeContext();
  let complete = (): void => undefined;
  const completed = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const completing = new Inbox<undefined>();
  const keeper = keepGrains({
    config: {
      config_dir: join(root, 'etc/salt'),
      grains_dirs: [join(root, 'custom'), join(root, 'gone')],
      grains_refresh_every: minutes,
    },
    grains: {
      all: () => ({}),
      complete() {
        completing.push(undefined);
        return completed;
      },
      async refresh() {
        refreshed.push(refreshed.all.length);
        return [];
      },
    },
    master: {
      async ask(_verb, question) {
        told.push(question);
        return { wanted: false };
      },
    },
    clock,
    log: context.log,
  });
  onTestFinished(() => keeper.stop());
  return { root, keeper, refreshed, context, told, complete, completed, completing };
}

test('grains are collected anew when the static file is written or replaced', async () => {
  const { root, refreshed } = await setUp({ clock: hasty });
  await writeFile(join(root, 'etc/salt/grains'), 'role: web\n');
  const { length } = await refreshed.waitForCount(1);
  await writeFile(join(root, 'etc/salt/new'), 'role: db\n');
  await rename(join(root, 'etc/salt/new'), join(root, 'etc/salt/grains'));
  expect((await refreshed.waitForCount(length + 1)).length).toBeGreaterThan(length);
});

test('grains are collected anew when a custom file comes, and a folder that is not there is only told', async () => {
  const { root, refreshed, context } = await setUp({ clock: hasty });
  expect(context.logged).toMatchObject([{ level: 'debug', fields: { folder: join(root, 'gone') } }]);
  await writeFile(join(root, 'custom/rack.js'), '');
  expect((await refreshed.waitForCount(1)).length).toBeGreaterThan(0);
});

test('what lies beside the static file does not matter', async () => {
  const { root, refreshed } = await setUp({ clock: hasty });
  await writeFile(join(root, 'etc/salt/minion'), 'id: x\n');
  await mkdir(join(root, 'etc/salt/minion.d'));
  await writeFile(join(root, 'custom/mark.js'), '');
  await refreshed.waitForCount(1);
  expect(refreshed.all).toHaveLength(1);
});

test('grains are collected anew as often as told, until it is over', async () => {
  const clock = fakeClock();
  const { keeper, refreshed } = await setUp({ clock, minutes: 1 });
  clock.advance(59_999);
  expect(refreshed.all).toHaveLength(0);
  clock.advance(60_001);
  expect(refreshed.all).toHaveLength(2);
  keeper.stop();
  clock.advance(60_000);
  expect(refreshed.all).toHaveLength(2);
});

test('grains are not collected anew by themselves unless told', async () => {
  const clock = fakeClock();
  const { refreshed } = await setUp({ clock });
  clock.advance(86_400_000);
  expect(refreshed.all).toHaveLength(0);
});

test('the master is told once more when all grains are there, unless it was told nothing yet', async () => {
  const { keeper, told, complete } = await setUp({ clock: fakeClock() });
  keeper.tell();
  await told.waitForCount(1);
  complete();
  await told.waitForCount(2);
  expect(told.all).toHaveLength(2);

  const clock = fakeClock();
  const early = await setUp({ clock });
  clock.advance(5000);
  early.complete();
  await early.completed;
  expect(early.told.all).toHaveLength(0);
  early.keeper.tell();
  await early.told.waitForCount(1);
  expect(early.told.all).toHaveLength(1);
});

test('grains that are asked of programs wait for the first connection, but not for long', async () => {
  const { keeper, completing } = await setUp({ clock: fakeClock() });
  expect(completing.all).toHaveLength(0);
  keeper.tell();
  keeper.tell();
  expect(completing.all).toHaveLength(1);

  const clock = fakeClock();
  const alone = await setUp({ clock });
  clock.advance(5000);
  expect(alone.completing.all).toHaveLength(1);
});
