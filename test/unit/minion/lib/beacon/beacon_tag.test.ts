import { expect, test } from 'vitest';
import { beaconTag } from '../../../../../minion/lib/beacon/beacon_tag.ts';

test.each([
  [undefined, 'salt/beacon/m1/load'],
  ['nginx', 'salt/beacon/m1/load/nginx'],
  ['/etc/hosts', 'salt/beacon/m1/load/etc/hosts'],
  ['c++/#1', 'salt/beacon/m1/load/c__/_1'],
  ['/a/b/c/d/e/f/g', 'salt/beacon/m1/load/a/b/c/d/e'],
  [`/var/${'x'.repeat(120)}`, 'salt/beacon/m1/load/var'],
])('the rest %j gives the tag %s', (rest, tag) => {
  expect(beaconTag('m1', 'load', rest)).toBe(tag);
});

test('the longest id leaves the rest a place', () => {
  const id = 'x'.repeat(63);
  expect(beaconTag(id, 'inotify', '/etc/nginx/nginx.conf')).toBe(`salt/beacon/${id}/inotify/etc/nginx/nginx.conf`);
});
