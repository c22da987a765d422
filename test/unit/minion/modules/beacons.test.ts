import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { coreBeacons, startBeacons } from '../../../../minion/beacons.ts';
import beacons from '../../../../minion/modules/beacons.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const high = [{ percent: '100%' }];

/** The module of a minion that runs, with Salt's own calls. */
async function minion(configured: Readonly<Record<string, unknown>> = {}) {
  const dir = await fixtureRoot({});
  const config = { config_dir: dir, default_include: 'minion.d/*.conf' };
  const context = fakeContext({ root: '/', config });
  const { id, events, jobs, log } = context;
  const running = startBeacons({
    id,
    folder: coreBeacons(),
    config: configured,
    events,
    jobs,
    log,
    contextOf: (signal) => ({ ...context, signal }),
    interfaces: () => ({}),
  });
  onTestFinished(() => running.stop());
  const own = { ...context, beacons: running };
  return {
    dir,
    call: (fun: string, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) =>
      runFunction(own, beacons, `beacons.${fun}`, args, kwargs),
  };
}

describe('list', () => {
  test('gives YAML text, a mapping with return_yaml=False, and a word for nothing', async () => {
    const { call } = await minion({ memusage: high });
    expect(await call('list')).toBe('beacons:\n  memusage:\n  - percent: 100%\n');
    expect(await call('list', [false])).toEqual({ memusage: high });
    expect(await call('list', [false], { include_opts: false })).toEqual({ beacons: {} });
    expect(await (await minion()).call('list')).toEqual({ beacons: {} });
  });

  test('says which of them does not work, and why', async () => {
    const { call } = await minion({ memusage: [{ percent: 'much' }] });
    await call('list_available');
    expect(await call('list', [false])).toEqual({
      memusage: [
        { percent: 'much' },
        {
          problem:
            'beacons: memusage: percent: must be a share such as 63%; for example [{percent: 63%}, {interval: 60}]',
        },
      ],
    });
  });

  test('list_available gives the names', async () => {
    const { call } = await minion();
    expect(await call('list_available', [false])).toEqual(expect.arrayContaining(['load', 'memusage']));
    expect(await call('list_available')).toContain('- memusage\n');
  });
});

describe('add', () => {
  test('adds once', async () => {
    const { call } = await minion();
    expect(await call('add', ['memusage', high])).toEqual({ result: true, comment: 'Added beacon: memusage.' });
    expect(await call('list', [false])).toEqual({ memusage: high });
    expect(await call('add', ['memusage', high])).toEqual({
      result: false,
      comment: 'Beacon memusage is already configured.',
    });
  });

  test('refuses what there is not and what is wrong, and changes nothing with test=True', async () => {
    const { call } = await minion();
    expect(await call('add', ['nope', []])).toEqual({ result: false, comment: 'Beacon "nope" is not available.' });
    expect(await call('add', ['mine', [{ beacon_module: 'nope' }]])).toEqual({
      result: false,
      comment: 'Beacon "nope" is not available.',
    });
    expect(await call('add', ['memusage', []])).toEqual({
      result: false,
      comment:
        'Beacon memusage configuration invalid, not adding.\nbeacons: memusage: percent: is needed; for example [{percent: 63%}, {interval: 60}]',
    });
    expect(await call('add', ['memusage', high], { test: true })).toEqual({
      result: true,
      comment: 'Beacon: memusage would be added.',
    });
    expect(await call('list')).toEqual({ beacons: {} });
  });
});

test('modify shows what changed', async () => {
  const { call } = await minion({ memusage: high });
  expect(await call('modify', ['load', []])).toEqual({ result: true, comment: 'Beacon load is not configured.' });
  expect(await call('modify', ['memusage', high])).toEqual({
    result: true,
    comment: 'Job memusage in correct state',
  });
  expect(await call('modify', ['memusage', [{ percent: 'x' }]])).toMatchObject({ result: false });
  expect(await call('modify', ['memusage', [{ percent: '99%' }]])).toEqual({
    result: true,
    comment: 'Modified beacon: memusage.',
    changes: { diff: '--- \n+++ \n@@ -1 +1 @@\n-percent:100%\n+percent:99%\n' },
  });
});

test('delete, enable, disable and reset say what Salt says', async () => {
  const { call } = await minion({ memusage: high });
  const say = async (fun: string, ...args: unknown[]) => {
    const answer = (await call(fun, args)) as { result: boolean; comment: string };
    return [answer.result, answer.comment];
  };
  expect(await say('disable_beacon', 'memusage')).toEqual([true, 'Disabled beacon memusage on minion.']);
  expect(await say('enable_beacon', 'memusage')).toEqual([true, 'Enabled beacon memusage on minion.']);
  expect(await say('enable_beacon', 'load')).toEqual([false, 'Beacon load is not currently configured.']);
  expect(await say('enable_beacon', '')).toEqual([false, 'Beacon name is required.']);
  expect(await say('disable')).toEqual([true, 'Disabled beacons on minion.']);
  expect(await say('enable')).toEqual([true, 'Enabled beacons on minion.']);
  expect(await say('delete', 'memusage', true)).toEqual([true, 'Beacon: memusage would be deleted.']);
  expect(await say('delete', 'memusage')).toEqual([true, 'Deleted beacon: memusage.']);
  expect(await say('reset', true)).toEqual([true, 'Beacons would be reset.']);
  expect(await say('reset')).toEqual([true, 'Beacon configuration reset.']);
});

describe('save', () => {
  test('writes what runs where the minion reads it at its next start', async () => {
    const { call, dir } = await minion({ memusage: high });
    const file = join(dir, 'minion.d/beacons.conf');
    expect(await call('save')).toEqual({ result: true, comment: `Beacons saved to ${file}.` });
    expect(load(await readFile(file, 'utf8'))).toEqual({ beacons: { memusage: high } });
    await call('reset');
    await call('save');
    expect(await readFile(file, 'utf8')).toBe('');
  });
});

test('without a running minion there is one clear error', async () => {
  await expect(runFunction(fakeContext(), beacons, 'beacons.list')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
