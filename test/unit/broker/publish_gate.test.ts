import type { AedesPublishPacket } from 'aedes';
import { expect, test } from 'vitest';
import type { BrokerLimits } from '../../../broker/broker_options.ts';
import type { Connection } from '../../../broker/connection.ts';
import type { Delivery } from '../../../broker/delivery.ts';
import { createCounters } from '../../../broker/limits.ts';
import { createPublishGate, NOWHERE } from '../../../broker/publish_gate.ts';
import { createRefusals } from '../../../broker/refusals.ts';
import type { Registry } from '../../../broker/registry.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { TakeTurn } from '../../../shared/pace.ts';
import { createAccess } from '../../../shared/protocol/access.ts';
import { messageTable } from '../../../shared/protocol/message_table.ts';
import { fakeClock } from '../../support/fake_context.ts';

/** The gate for publishes of minion m1, whose messages are stored when `stored` resolves. */
function setUp(stored: Promise<void>, takeTurn: TakeTurn = (task) => task(), hasRoom = true) {
  const shown: string[] = [];
  const pubacks: number[] = [];
  const counters = createCounters();
  const connection = {
    who: { role: 'minion', id: 'm1' },
    isMuted: false,
    isClosing: false,
    mayPublishNow: () => true,
    acknowledge: (messageId: number) => hasRoom && pubacks.push(messageId) > 0,
  };
  const gate = createPublishGate({
    access: createAccess(messageTable),
    registry: { of: () => connection as unknown as Connection } as unknown as Registry,
    limits: { refusalsMax: 1 } as BrokerLimits,
    handlers: { received: () => stored },
    delivery: { toObservers: ({ topic }) => void shown.push(topic) } as Partial<Delivery> as Delivery,
    counters,
    refusals: createRefusals(counters, fakeClock()),
    log: silentLogger,
    warn: () => undefined,
    takeTurn,
  });
  const publish = (topic: string, retain = false) => {
    const packet = { cmd: 'publish', topic, payload: Buffer.from('{"v":1}'), qos: 1, messageId: 7, retain, dup: false };
    const outcome: { acknowledged: boolean } = { acknowledged: false };
    gate({} as never, packet as unknown as AedesPublishPacket, (error) => {
      outcome.acknowledged = error === null;
    });
    return { packet, outcome };
  };
  return { publish, shown, pubacks };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('publishes that were stored together are acknowledged in turns, in their order', async () => {
  const tasks: (() => void)[] = [];
  const { publish } = setUp(Promise.resolve(), (task) => tasks.push(task));
  const published = [1, 2, 3].map((n) => publish(`salt/fire/m1/a/${n}`));
  await settled();
  const acknowledged = () => published.map(({ outcome }) => outcome.acknowledged);
  expect(acknowledged()).toEqual([false, false, false]);
  tasks[0]?.();
  tasks[1]?.();
  expect(acknowledged()).toEqual([true, true, false]);
});

test('what operators and observers alone may see is shown to them when it is stored, and Aedes has nothing to do', async () => {
  let store = (): void => undefined;
  const { publish, shown } = setUp(
    new Promise((resolve) => {
      store = resolve;
    }),
  );
  const { packet } = publish('salt/fire/m1/a/b');
  await settled();
  expect([shown, packet.topic]).toEqual([[], 'salt/fire/m1/a/b']);
  store();
  await settled();
  expect([shown, packet.topic]).toEqual([['salt/fire/m1/a/b'], NOWHERE]);
});

test('what is retained is left to Aedes, which keeps it', async () => {
  const { publish, shown } = setUp(Promise.resolve());
  const { packet, outcome } = publish('salt/info/m1', true);
  await settled();
  expect(outcome.acknowledged).toBe(true);
  expect([shown, packet.topic]).toEqual([[], 'salt/info/m1']);
});

test.each([
  [true, [7], 0],
  [false, [], 1],
])('what Aedes need not deliver it need not acknowledge, when the socket has room: %s', async (hasRoom, told, qos) => {
  let store = (): void => undefined;
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const { publish, pubacks } = setUp(stored, undefined, hasRoom);
  const { packet } = publish('salt/fire/m1/a/b');
  await settled();
  expect([pubacks, packet.qos]).toEqual([[], 1]);
  store();
  await settled();
  expect([pubacks, packet.qos]).toEqual([told, qos]);
});

test('what Aedes delivers it acknowledges too', async () => {
  const { publish, pubacks } = setUp(Promise.resolve());
  const { packet } = publish('salt/info/m1', true);
  await settled();
  expect([pubacks, packet.qos]).toEqual([[], 1]);
});
