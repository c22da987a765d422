import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import diskusage from '../../../../minion/beacons/diskusage.ts';
import heartbeat from '../../../../minion/beacons/heartbeat.ts';
import load from '../../../../minion/beacons/load.ts';
import memusage from '../../../../minion/beacons/memusage.ts';
import swapusage from '../../../../minion/beacons/swapusage.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { watchBeacon, watchFromFirstLook } from '../../../support/watch_beacon.ts';

describe('load', () => {
  const averages = { '1m': [0.1, 2], '15m': [0, 1] };
  const machine = async (text: string) => {
    const root = await fixtureRoot({ 'proc/loadavg': text });
    return { root, set: (now: string) => writeFile(join(root, 'proc/loadavg'), now) };
  };

  test('tells all three averages while one is out of its range', async () => {
    const { root, set } = await machine('1.50 9.00 0.50 1/234 5678\n');
    const beacon = await watchFromFirstLook(load, [{ averages }], { root });
    expect(beacon.first).toEqual([]);
    await set('2.50 9.00 0.50 1/234 5678\n');
    expect(await beacon.tick()).toMatchObject([{ data: { '1m': 2.5, '5m': 9, '15m': 0.5 } }]);
    expect(await beacon.tick()).toHaveLength(1);
    await set('0.05 0.00 0.50 1/234 5678\n');
    expect(await beacon.tick()).toMatchObject([{ data: { '1m': 0.05 } }]);
  });

  test('tells once with onchangeonly, however the number moves beyond the limit', async () => {
    const { root, set } = await machine('2.50 0.00 0.50 1/234 5678\n');
    const beacon = await watchFromFirstLook(load, [{ averages }, { onchangeonly: true }], { root });
    expect(beacon.first).toHaveLength(1);
    await set('2.70 0.00 0.50 1/234 5678\n');
    expect(await beacon.tick()).toEqual([]);
    await set('1.00 0.00 0.50 1/234 5678\n');
    expect(await beacon.tick()).toEqual([]);
    await set('2.10 0.00 0.50 1/234 5678\n');
    expect(await beacon.tick()).toHaveLength(1);
  });

  test('reads the load of this machine', async () => {
    const beacon = await watchFromFirstLook(load, [{ averages: { '15m': [1000, 2000] } }]);
    expect(beacon.first[0]?.data['15m']).toBeCloseTo(loadavg()[2]!, 0);
  });
});

describe('diskusage', () => {
  /** `df` counts as psutil does, rounded up. */
  const used = Number(/(\d+)%/.exec(execFileSync('df', ['--output=pcent', '/'], { encoding: 'utf8' }))?.[1]);

  test('tells how full the file system of this machine is', async () => {
    const beacon = await watchFromFirstLook(diskusage, [{ '/': '0%' }]);
    expect(beacon.first).toHaveLength(1);
    expect(beacon.first[0]?.data.mount).toBe('/');
    expect(Math.abs((beacon.first[0]?.data.diskusage as number) - used)).toBeLessThanOrEqual(2);
  });

  test('takes regular expressions, of which the last one that matches counts', async () => {
    const root = await fixtureRoot({
      'proc/mounts': 'd1 / ext4 rw 0 0\nd2 /mnt/a ext4 rw 0 0\nd3 /mnt/b ext4 rw 0 0\n',
      'mnt/a/': '',
      'mnt/b/': '',
    });
    const mounts = async (...items: Record<string, unknown>[]) =>
      (await watchFromFirstLook(diskusage, items, { root })).first.map(({ data }) => data.mount);
    expect(await mounts({ '/mnt/.*': 0 })).toEqual(['/mnt/a', '/mnt/b']);
    expect(await mounts({ '^/mnt/.*$': '0' }, { '/mnt/a': '100%' })).toEqual(['/mnt/b']);
    expect(await mounts({ '/': '0%' })).toEqual(['/']);
  });

  test('refuses a pattern that cannot be read when it is configured', async () => {
    await expect(watchBeacon(diskusage, [{ '/(': '5%' }])).rejects.toThrow(
      "beacons: beacon: /(: regular expression '/(' cannot be read",
    );
  });
});

test('diskusage takes no misspelt key for a mount point', async () => {
  await expect(watchBeacon(diskusage, [{ '/': '5%' }, { intervall: 3 }])).rejects.toMatchObject({
    message: 'beacons: beacon: intervall: must be a mount point, or a regular expression of them',
    hint: 'did you mean interval?',
  });
});

describe('memusage and swapusage', () => {
  const meminfo = 'MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 366 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n';

  test('tell the share that is used, from its limit on', async () => {
    const root = await fixtureRoot({ 'proc/meminfo': meminfo });
    const first = async (spec: typeof memusage, percent: unknown) =>
      (await watchFromFirstLook(spec, [{ percent }], { root })).first.map(({ data }) => data);
    expect(await first(memusage, '63.4%')).toEqual([{ memusage: 63.4 }]);
    expect(await first(memusage, 63.5)).toEqual([]);
    expect(await first(swapusage, '25%')).toEqual([{ swapusage: 25 }]);
    expect(await first(swapusage, '26')).toEqual([]);
  });

  test('know what this machine uses', async () => {
    const { first } = await watchFromFirstLook(memusage, [{ percent: 0 }]);
    const free = execFileSync('free', ['-b'], { encoding: 'utf8' });
    const [total = 0, , , , , available = 0] = (/^Mem:\s+(.*)$/m.exec(free)?.[1] ?? '').split(/\s+/).map(Number);
    expect(Math.abs((first[0]?.data.memusage as number) - ((total - available) / total) * 100)).toBeLessThan(10);
  });

  test('a machine without swap space uses none of it', async () => {
    const root = await fixtureRoot({ 'proc/meminfo': 'SwapTotal: 0 kB\nSwapFree: 0 kB\n' });
    expect((await watchFromFirstLook(swapusage, [{ percent: 0 }], { root })).first).toMatchObject([
      { data: { swapusage: 0 } },
    ]);
  });
});

test('heartbeat counts, and says how long it was since the one before', async () => {
  const beacon = await watchFromFirstLook(heartbeat, [{ interval: 30 }]);
  expect(beacon.first[0]?.data).toEqual({ count: 1, interval_ms: 0 });
  expect((await beacon.tick(30))[0]?.data).toEqual({ count: 2, interval_ms: 30_000 });
});
