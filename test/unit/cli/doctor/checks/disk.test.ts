import { expect, test } from 'vitest';
import disk, { type DiskFacts } from '../../../../../cli/doctor/checks/disk.ts';
import { told } from '../../../../support/told_findings.ts';

const MIB = 1024 ** 2;
const usual = {
  setting: 'cachedir',
  path: '/var/cache/salt',
  existing: '/var/cache',
  freeBytes: 3.4 * 1024 * MIB,
  wantedBytes: 288 * MIB,
};
const judge = (facts: Partial<DiskFacts>) => told(disk.judge([{ ...usual, freeInodes: 90_000, ...facts }]));
const place = 'cachedir /var/cache/salt';

test.each<[string, Partial<DiskFacts>, string]>([
  ['room', {}, `ok: ${place}: 3.4 GiB are free, and 90000 inodes`],
  [
    'less room than may be needed',
    { freeBytes: 100 * MIB },
    `warn: ${place}: 100 MiB are free, 288 MiB may be needed => du -xh "$(stat -c %m /var/cache)" | sort -h | tail -n 20  # shows what takes the room`,
  ],
  [
    'no room',
    { freeBytes: 7 * MIB },
    `fail: ${place}: the disk is full, 7 MiB are free: nothing more can be stored => du -xh "$(stat -c %m /var/cache)" | sort -h | tail -n 20  # shows what takes the room`,
  ],
  [
    'room without inodes',
    { freeInodes: 3 },
    `fail: ${place}: 3 inodes are free: no more files can be made, whatever room there is => du -x --inodes "$(stat -c %m /var/cache)" | sort -n | tail -n 20  # shows where the files are`,
  ],
  [
    'few inodes',
    { freeInodes: 1500 },
    `warn: ${place}: 1500 inodes are free => du -x --inodes "$(stat -c %m /var/cache)" | sort -n | tail -n 20  # shows where the files are`,
  ],
  [
    'a file system that went read-only',
    { problem: 'the file system is read-only' },
    `fail: ${place}: the file system is read-only => mount -o remount,rw "$(stat -c %m /var/cache)"; dmesg | tail -n 20`,
  ],
])('%s', (_what, facts, line) => expect(judge(facts)).toEqual([line]));

test('a file system that counts no inodes has no lack of them', () => {
  expect(told(disk.judge([usual]))).toEqual([`ok: ${place}: 3.4 GiB are free`]);
});
