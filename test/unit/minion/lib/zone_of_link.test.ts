import { expect, test } from 'vitest';
import { zoneOfLink } from '../../../../minion/lib/zone_of_link.ts';

test.each([
  ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
  ['../usr/share/zoneinfo/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['/usr/share/zoneinfo/posix/Etc/GMT+5', 'Etc/GMT+5'],
  ['/usr/share/zoneinfo/Etc/UTC', 'UTC'],
  ['/usr/share/zoneinfo/UCT', 'UTC'],
  ['/tmp/localtime', undefined],
])('the link %s names the zone %s', (target, zone) => {
  expect(zoneOfLink(target)).toBe(zone);
});
