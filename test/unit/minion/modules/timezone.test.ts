import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import timezone from '../../../../minion/modules/timezone.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(more: Readonly<Record<string, string>>, commands: Parameters<typeof fakeExec>[0] = {}) {
  const root = await fixtureRoot({
    'usr/share/zoneinfo/Europe/Berlin': 'TZif berlin',
    'usr/share/zoneinfo/Etc/UTC': 'TZif utc',
    ...more,
  });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  const run = (fun: string, ...args: unknown[]) => runFunction(context, timezone, `timezone.${fun}`, args);
  return { root, run };
}

test('a zone that is set is the one that is told, in both places', async () => {
  const { root, run } = await machine({ 'etc/timezone': 'Etc/UTC\n', 'etc/localtime': 'TZif utc' });
  expect(await run('get_zone')).toBe('Etc/UTC');
  expect(await run('zone_compare', 'Europe/Berlin')).toBe(false);
  expect(await run('zone_compare', 'Etc/UTC')).toBe(true);
  expect(await run('set_zone', 'Europe/Berlin')).toBe(true);
  expect(await run('get_zone')).toBe('Europe/Berlin');
  expect(await readlink(join(root, 'etc/localtime'))).toBe('/usr/share/zoneinfo/Europe/Berlin');
  expect(await readFile(join(root, 'etc/timezone'), 'utf8')).toBe('Europe/Berlin\n');
});

test('a copy of the rules is as good as the name', async () => {
  const { run } = await machine({ 'etc/localtime': 'TZif berlin' });
  expect(await run('zone_compare', 'Europe/Berlin')).toBe(true);
});

test('a zone that does not exist is refused', async () => {
  const { run } = await machine({});
  await expect(run('set_zone', 'Europe/Nowhere')).rejects.toThrow('zone Europe/Nowhere does not exist');
  await expect(run('set_zone', 'Europe')).rejects.toThrow('zone Europe does not exist');
  await expect(run('set_zone', '../../../etc/passwd')).rejects.toThrow('must be a name such as');
});

test('offset, letters and the hardware clock', async () => {
  const commands = { 'date +%z': '+0200\n', 'date +%Z': 'CEST\n', 'hwclock --systohc --utc': '' };
  const { run } = await machine({ 'etc/adjtime': '0.0 0 0.0\n0\nLOCAL\n' }, commands);
  expect(await run('get_offset')).toBe('+0200');
  expect(await run('get_zonecode')).toBe('CEST');
  expect(await run('get_hwclock')).toBe('localtime');
  expect(await run('set_hwclock', 'UTC')).toBe(true);
});
