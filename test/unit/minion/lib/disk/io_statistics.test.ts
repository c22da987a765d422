import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ioStatistics, readCounters } from '../../../../../minion/lib/disk/io_statistics.ts';
import disk from '../../../../../minion/modules/disk.ts';
import type { Clock } from '../../../../../shared/clock.ts';
import { fakeClock, fakeContext } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

const before =
  '   8       0 sda 100 10 8000 50 200 20 4000 400 0 1000 2000 0 0 0 0\n   8       1 sda1 1 0 8 1 0 0 0 0 0 1 1\n   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n';
const after = before.replace(
  '100 10 8000 50 200 20 4000 400 0 1000 2000',
  '110 40 8400 90 220 20 4200 500 0 2000 7000',
);

const expected = {
  ...{ 'r/s': 2, 'rkB/s': 40, 'rrqm/s': 6, '%rrqm': 75, r_await: 4, 'rareq-sz': 20 },
  ...{ 'w/s': 4, 'wkB/s': 20, 'wrqm/s': 0, '%wrqm': 0, w_await: 5, 'wareq-sz': 5 },
  ...{ 'aqu-sz': 1, '%util': 20 },
};

test('the columns are those of iostat -x', () => {
  const [one = [], other = []] = [before, after].map((text) => readCounters(text).get('sda'));
  expect(ioStatistics(one, other, 5)).toEqual(expected);
  expect(ioStatistics(one, one, 5)).toMatchObject({ 'r/s': 0, '%rrqm': 0, r_await: 0, '%util': 0 });
});

test('iostat watches for interval times count seconds and leaves out what never did anything', async () => {
  const root = await fixtureRoot({ 'proc/diskstats': before, 'sys/block/sda/': '', 'sys/block/loop0/': '' });
  const waits: number[] = [];
  const clock: Clock = {
    ...fakeClock(),
    after(delayMs, run) {
      waits.push(delayMs);
      void writeFile(join(root, 'proc/diskstats'), after).then(run);
      return { stop: () => undefined };
    },
  };
  const call = (...args: unknown[]) => runFunction(fakeContext({ root, clock }), disk, 'disk.iostat', args);
  expect(await call()).toEqual({ sda: expected });
  expect(waits).toEqual([5000]);
  expect(Object.keys((await call(1, 2, ['/dev/sda1', 'loop0'])) as object)).toEqual(['sda1', 'loop0']);
});
