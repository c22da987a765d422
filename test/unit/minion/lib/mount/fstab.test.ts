import { expect, test } from 'vitest';
import {
  describeFstab,
  fstabEntry,
  keysToMatch,
  parseFstabLine,
  removeFstabEntry,
  setFstabEntry,
} from '../../../../../minion/lib/mount/fstab.ts';

const text = [
  '# /etc/fstab: static file system information.',
  'UUID=1b2c /               ext4    errors=remount-ro 0       1',
  '',
  '  # indented',
  '/dev/sdb1\t/srv\text4\tnoatime,defaults\t0 2\t# data',
  '//server/my\\040share /mnt/my\\040share cifs credentials=/root/c',
  'broken line',
  '/swap1 none swap sw 0 0',
  '/swap2 none swap sw 0 0',
].join('\n');

const srv = fstabEntry({
  device: '/dev/sdb1',
  name: '/srv',
  fstype: 'ext4',
  opts: 'defaults,noatime',
  dump: 0,
  pass_num: 2,
});

test('entries have four to six fields, and octal numbers stand for blanks', () => {
  expect(parseFstabLine('# x')).toBeUndefined();
  expect(parseFstabLine('a b c')).toBeUndefined();
  expect(parseFstabLine('a /b c d 0 0 x')).toBeUndefined();
  expect(parseFstabLine('a /b c d # x')).toMatchObject({ device: 'a', opts: 'd', dump: '0', pass_num: '0' });
  expect(describeFstab(text)).toEqual({
    '/': { device: 'UUID=1b2c', fstype: 'ext4', opts: ['errors=remount-ro'], dump: '0', pass: '1' },
    '/srv': { device: '/dev/sdb1', fstype: 'ext4', opts: ['noatime', 'defaults'], dump: '0', pass: '2' },
    '/mnt/my share': {
      ...{ device: '//server/my share', fstype: 'cifs', opts: ['credentials=/root/c'] },
      ...{ dump: '0', pass: '0' },
    },
    none: { device: '/swap1', fstype: 'swap', opts: ['sw'], dump: '0', pass: '0' },
    none_: { device: '/swap2', fstype: 'swap', opts: ['sw'], dump: '0', pass: '0' },
  });
});

test('an entry that is there, with its options in another order, is no change', () => {
  expect(setFstabEntry(text, srv, ['device'], false)).toEqual({ text, result: 'present' });
  expect(setFstabEntry(text, { ...srv, opts: 'ro' }, ['device'], true)).toEqual({ text, result: 'present' });
});

test('a change keeps every other line, and the comment of its own', () => {
  const changed = setFstabEntry(text, { ...srv, opts: 'ro' }, ['device'], false);
  expect(changed.result).toBe('change');
  const lines = changed.text.split('\n');
  expect(lines[4]).toBe('/dev/sdb1\t\t/srv\text4\tro\t0 2\t# data');
  expect(lines.toSpliced(4, 1)).toEqual(text.split('\n').toSpliced(4, 1));
});

test('a new entry goes to the end, on a line of its own, with its blanks as octal numbers', () => {
  const entry = fstabEntry({ ...srv, device: '/dev/a b', name: '/mnt/c\\ d', opts: 'x=e\\040f' });
  expect(setFstabEntry(text, entry, ['device'], false)).toEqual({
    text: `${text}\n/dev/a\\040b\t\t/mnt/c\\040d\text4\tx=e\\040f\t0 2\n`,
    result: 'new',
  });
  const again = setFstabEntry(text, entry, ['device'], false).text;
  expect(setFstabEntry(again, entry, ['device'], false).result).toBe('present');
});

test('of two places of a device, the one that is named is changed', () => {
  const two = '/dev/sdc /a ext4 ro 0 0\n/dev/sdc /b ext4 ro 0 0\n';
  const entry = fstabEntry({ device: '/dev/sdc', name: '/b', fstype: 'ext4', opts: 'rw', dump: 0, pass_num: 0 });
  expect(setFstabEntry(two, entry, ['device'], false).text).toBe(
    '/dev/sdc /a ext4 ro 0 0\n/dev/sdc\t\t/b\text4\trw\t0 0\n',
  );
});

test('what has no device of its own is looked for by its mount point', () => {
  expect([keysToMatch('tmpfs'), keysToMatch('nfs'), keysToMatch('ext4')]).toEqual([['name'], ['name'], ['device']]);
});

test('an entry is removed by its mount point and device, and nothing else is', () => {
  expect(removeFstabEntry(text, '/srv', '/dev/sdz')).toBe(text);
  const removed = removeFstabEntry(text, '/mnt/my share', '//server/my share');
  expect(removed.split('\n')).toEqual(text.split('\n').toSpliced(5, 1));
  expect(removeFstabEntry(text, 'none', null)).not.toContain('swap');
});
