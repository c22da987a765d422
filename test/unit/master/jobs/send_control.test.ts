import { expect, test } from 'vitest';
import { type ControlOptions, createControl } from '../../../../master/jobs/send_control.ts';
import { nowSeconds } from '../../../../shared/clock.ts';
import { createLogger } from '../../../../shared/log.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { FULL } from '../../../support/dispatcher_rig.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const JID = '20260101000000000001';

function setUp(overrides: Partial<ControlOptions> = {}) {
  const clock = fakeClock();
  const sent: [string, Packet][] = [];
  const signed: string[] = [];
  const logged: string[] = [];
  const tell = createControl({
    async sign(payload, encoding, id, kind) {
      signed.push(`${kind} ${encoding} ${id}`);
      return payload;
    },
    infoOf: () => FULL,
    send: (id, packet) => sent.push([id, packet]) > 0,
    clock,
    log: createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0),
    ...overrides,
  });
  return { tell, sent, signed, logged, clock };
}

test('what a minion is told of its job is signed for it alone, and ends', async () => {
  const { tell, sent, signed, clock } = setUp();
  expect(await tell('m1', JID, 'cancel')).toBe(true);
  expect(signed).toEqual(['ctl cbor m1']);
  const [id, { topic, payload, qos, retain }] = sent[0] as [string, Packet];
  expect([id, topic, qos, retain]).toEqual(['m1', 'salt/job/m1/ctl', 1, false]);
  expect(decodePayload(payload)).toEqual({ op: 'cancel', jid: JID, exp: nowSeconds(clock) + 60 });
});

test('a minion that trusts its connection is told without a signature', async () => {
  const { tell, sent, signed } = setUp({ infoOf: () => ({ ...FULL, enc: 'json', sig: 'none' }) });
  expect(await tell('m1', JID, 'stored')).toBe(true);
  expect([signed, Buffer.from(sent[0]?.[1].payload ?? []).toString()]).toEqual([
    [],
    expect.stringContaining('{"op":"stored"'),
  ]);
});

test('a minion that is not there was not told, and neither was one for which nothing can be signed', async () => {
  expect(await setUp({ send: () => false }).tell('m1', JID, 'resend')).toBe(false);
  const { tell, logged } = setUp({ sign: () => Promise.reject(new Error('no key')) });
  expect(await tell('m1', JID, 'resend')).toBe(false);
  expect(logged.join()).toContain('a minion could not be told of its job');
});
