import { expect, test } from 'vitest';
import packetLimits, { type PacketFacts } from '../../../../../cli/doctor/checks/packet_limits.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (facts: Partial<PacketFacts>) => {
  const usual = { maxPacketBytes: 264 * 1024, packets: new Map([['m1', 262_144]]), restart: 'RESTART' };
  return told(packetLimits.judge({ ...usual, file: '/etc/salt/master', ...facts }));
};

test('full minions and the usual limit fit each other', () => {
  expect(judge({})).toEqual([
    'ok: the master takes packets of 264 KiB, and every connected minion those of the master',
  ]);
  expect(judge({ packets: undefined })).toEqual(['skip: salt-master does not answer']);
});

test('a limit that cuts off the returns of minions is a problem', () => {
  expect(judge({ maxPacketBytes: 64 * 1024 })).toEqual([
    "fail: max_packet_bytes is 64 KiB, and minions send returns in packets of up to 252 KiB: larger ones end their connection => sed -i 's/^max_packet_bytes:.*/max_packet_bytes: 264KiB/' /etc/salt/master && RESTART",
  ]);
});

test('small minions are named, the smallest first', () => {
  const packets = new Map([
    ['m1', 262_144],
    ['lamp', 512],
    ['door', 256],
  ] as const);
  expect(judge({ packets })).toEqual([
    'ok: the master takes packets of 264 KiB; small minions take less, a longer job for them is refused: door 256, lamp 512 bytes',
  ]);
});
