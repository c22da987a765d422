import { expect, test } from 'vitest';
import type { Character } from '../../../../minion/emulator/behaviour.ts';
import { noCounts } from '../../../../minion/emulator/counts.ts';
import { createFaultySend } from '../../../../minion/emulator/faulty_send.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { Fire } from '../../../../shared/protocol/messages/event.ts';
import { Ack, Return, ReturnLong } from '../../../../shared/protocol/messages/return.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const JID = '20261122093047146206';
const result = ReturnLong.encode({ jid: JID, id: 'm1' }, { id: 'm1', return: true });
const ack = Ack.encode({ jid: JID, id: 'm1' }, { st: 'run' });
const event = Fire.encode({ id: 'm1', tag: 'a/b' }, {});

function rig(character: Character, { loss = 0, random = 0.5, latency = 0 } = {}) {
  const sent: Packet[] = [];
  const counts = noCounts();
  const clock = fakeClock(0);
  const behaviour = { latencyMs: { from: latency, to: latency }, loss, lateMs: 60_000 };
  const send = createFaultySend(
    { id: 'm1', character, behaviour, counts, clock, random: () => random },
    async (packet) => {
      sent.push(packet);
    },
  );
  return { sent, counts, clock, send };
}

test('a good minion sends what it has to send, and it is counted', async () => {
  const { sent, counts, send } = rig('good');
  for (const packet of [result, ack, event]) await send(packet);
  expect(sent).toEqual([result, ack, event]);
  expect(counts).toMatchObject({ returns: 1, events: 1, withheld: 0 });
});

test('a silent minion keeps returns and acknowledgements to itself, and still fires events', async () => {
  const { sent, counts, send } = rig('silent');
  for (const packet of [result, ack, event]) await send(packet);
  expect(sent).toEqual([event]);
  expect(counts).toMatchObject({ returns: 0, withheld: 1 });
});

test('a copy of each return goes out, and other bytes in its place', async () => {
  const doubling = rig('duplicates');
  await doubling.send(result);
  await doubling.send(ack);
  expect(doubling.sent).toEqual([result, result, ack]);
  const garbage = rig('garbage');
  await garbage.send(result);
  expect(garbage.sent[0]?.topic).toBe(result.topic);
  expect(garbage.sent[0]?.payload).not.toEqual(result.payload);
});

test('a return is lost when chance is below the share', async () => {
  const lost = rig('good', { loss: 0.6 });
  await lost.send(result);
  expect(lost.sent).toEqual([]);
  const kept = rig('good', { loss: 0.5 });
  await kept.send(result);
  expect(kept.sent).toEqual([result]);
});

test('with latency nothing leaves before its time', async () => {
  const { sent, clock, send } = rig('good', { latency: 20 });
  const done = send(event);
  clock.advance(19);
  expect(sent).toEqual([]);
  clock.advance(1);
  await done;
  expect(sent).toEqual([event]);
});

test('a late minion does not say that it runs, and returns when its time has come', async () => {
  const { sent, clock, counts, send } = rig('late');
  await send(ack);
  const done = send(result);
  clock.advance(59_999);
  await Promise.resolve();
  expect(sent).toEqual([]);
  clock.advance(1);
  await done;
  expect(sent).toEqual([result]);
  expect(counts.returns).toBe(1);
});

test('an impostor returns in the name of another, which does not count as a return', async () => {
  const { sent, counts, send } = rig('impostors');
  await send(result);
  expect(sent).toEqual([{ ...result, topic: `salt/ret/${JID}/m1x` }]);
  expect(counts).toMatchObject({ returns: 0, forged: 1 });
});

test('a return in its short form is a return, too', async () => {
  const short = Return.encode({ jid: JID }, { id: 'm1', return: true }, 'json');
  const silent = rig('silent');
  await silent.send(short);
  expect(silent.counts.withheld).toBe(1);
  const impostor = rig('impostors');
  await impostor.send(short);
  expect(impostor.sent.map(({ topic }) => topic)).toEqual([`salt/ret/${JID}/m1x`]);
});
