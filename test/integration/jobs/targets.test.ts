import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmWide } from '../../../cli/confirm_wide.ts';
import { operatorSocketName } from '../../../shared/paths.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({ master: { nodegroups: { all: ['m1', 'm2'], first: 'm1 and N@all' } } });
  await fleet.startMinion('m1', { config: { grains: { role: 'web' } } });
  await fleet.startMinion('m2', { config: { grains: { role: 'db' } } });
  await until('the master knows their grains', () =>
    ['m1', 'm2'].every((id) => fleet.context().grainCache.of(id) !== undefined),
  );
});
afterAll(() => fleet.stop());

async function answering(...request: Parameters<TestFleet['run']>): Promise<string[]> {
  const steps = await fleet.run(...request);
  return steps.filter(({ t, return: value }) => t === 'ret' && value === true).map(({ id }) => String(id));
}

test.each<[string, string, object, string[]]>([
  ['role:web', 'grain', {}, ['m1']],
  ['role|d*', 'grain', { delimiter: '|' }, ['m2']],
  ['role:(web|db)', 'grain_pcre', {}, ['m1', 'm2']],
  ['127.0.0.0/8', 'ipcidr', {}, ['m1', 'm2']],
  ['G@role:web or m2', 'compound', {}, ['m1', 'm2']],
  ['first', 'nodegroup', {}, ['m1']],
  ['N@all and not N@first', 'compound', {}, ['m2']],
  ['*', 'glob', { exclude: 'G@role:web' }, ['m2']],
])('%s (%s, %j) reaches those that it selects, and they agree', async (tgt, tgt_type, options, expected) => {
  expect((await answering(tgt, 'test.ping', [], {}, { tgt_type, ...options })).sort()).toEqual(expected);
});

test('of many, a limit takes some', async () => {
  expect(await answering('*', 'test.ping', [], {}, { limit: 1 })).toHaveLength(1);
});

test('a grain that a job sets selects at once', async () => {
  await fleet.run('m2', 'grains.setval', ['colour', 'blue']);
  await until('the master knows', () => fleet.context().grainCache.of('m2')?.colour === 'blue');
  expect(await answering('colour:blue', 'test.ping', [], {}, { tgt_type: 'grain' })).toEqual(['m2']);
});

test('a minion whose grains are others by now refuses, and says why', async () => {
  const cache = fleet.context().grainCache;
  await cache.put('m2', 'an old hash', { ...cache.of('m2'), role: 'web' });
  const steps = await fleet.run('role:web', 'test.ping', [], {}, { tgt_type: 'grain' });
  expect(steps.find(({ t, id }) => t === 'state' && id === 'm2')).toMatchObject({
    state: 'rejected',
    reason: 'the target does not match this minion',
  });
});

test('before a job changes many minions, somebody at the terminal is asked', async () => {
  const config = { socketPath: join(fleet.directory, 'master/var/run/salt/master', operatorSocketName) };
  const ask = async (fun: string, answer: string, unaskedMax: number) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(answer);
    const target = { tgt: '*', tgt_type: 'glob' as const };
    const isConfirmed = await confirmWide(fun, target, config, { input, output }, unaskedMax);
    return [isConfirmed, String(output.read() ?? '')];
  };
  expect(await ask('cmd.run', 'y\n', 1)).toEqual([true, 'cmd.run on 2 minions? [y/N] ']);
  expect(await ask('cmd.run', '\n', 1)).toEqual([false, 'cmd.run on 2 minions? [y/N] ']);
  expect(await ask('cmd.run', '', 2)).toEqual([true, '']);
  expect(await ask('test.ping', '', 1)).toEqual([true, '']);
  expect(await ask('mystery.go', 'n\n', 1)).toEqual([false, 'mystery.go on 2 minions? [y/N] ']);
});
