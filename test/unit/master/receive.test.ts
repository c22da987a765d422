import { expect, test } from 'vitest';
import type { Broker } from '../../../broker/broker.ts';
import { createReceiver, type ReceiverOptions } from '../../../master/receive.ts';
import { createLogger } from '../../../shared/log.ts';
import type { AnyMessage, Packet } from '../../../shared/protocol/message.ts';
import { Fire } from '../../../shared/protocol/messages/event.ts';
import { Info, Request } from '../../../shared/protocol/messages/job.ts';
import { OperatorRequest } from '../../../shared/protocol/messages/operator.ts';
import { Ack, Return, ReturnLong } from '../../../shared/protocol/messages/return.ts';
import { createTestFleet } from '../../support/create_test_fleet.ts';
import { fakeClock } from '../../support/fake_context.ts';
import { createMemoryBus } from '../../support/memory_bus.ts';
import { START_AT } from '../../support/sample_job.ts';

const JID = '20260101000000000001';

/** A receiver whose neighbours only write down what they were told. */
function setUp(overrides: Partial<ReceiverOptions> = {}) {
  const clock = fakeClock();
  const told: string[] = [];
  const sent: Packet[] = [];
  const events: { tag: string; data: Readonly<Record<string, unknown>> }[] = [];
  const logged: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const bus = createMemoryBus({ clock, log });
  bus.listen((tag, data) => events.push({ tag, data }));
  const fleet = createTestFleet({ acceptedIds: () => ['m1'], clock });
  const note =
    (name: string) =>
    (...what: unknown[]): void =>
      void told.push([name, ...what.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))].join(' '));
  const handlers = createReceiver({
    enrollment: undefined,
    permissions: { check: async () => undefined },
    wire: { received: () => undefined, online: () => undefined },
    bus,
    fleet,
    dispatcher: { flush: note('flush'), requeue: note('requeue') },
    collector: { collectAck: note('ack'), collectReturn: async (...what: unknown[]) => note('return')(...what) },
    broker: () => ({ send: (_id: string, packet: Packet) => sent.push(packet) > 0 }) as unknown as Broker,
    presenceEvents: false,
    serveOperator: note('operator'),
    answerRequest: note('answer'),
    log,
    ...overrides,
  } as unknown as ReceiverOptions);
  const receive = (
    message: { readonly name: string },
    params: Readonly<Record<string, string>>,
    payload: unknown,
    role: 'minion' | 'operator' = 'minion',
  ) =>
    handlers.received({
      who: { role, id: role === 'minion' ? 'm1' : 'alice' },
      message: message as AnyMessage,
      topic: 'not looked at',
      params,
      payload,
      retain: false,
      qos: 1,
    });
  return { handlers, receive, told, sent, events, logged, fleet };
}

test.each([Return, ReturnLong])(
  'a $name is collected under the name of the connection, and waited for',
  async (message) => {
    const { receive, told } = setUp();
    const collected = receive(message, { jid: JID, id: 'm9' }, { return: true });
    expect(collected).toBeInstanceOf(Promise);
    await collected;
    expect(told).toEqual([`return ${JID} m1 {"return":true}`]);
  },
);

test('an acknowledgement is collected under the name of the connection', () => {
  const { receive, told } = setUp();
  void receive(Ack, { jid: JID, id: 'm1' }, { st: 'run' });
  expect(told).toEqual([`ack ${JID} m1 {"st":"run"}`]);
});

test('what a minion can do is known before its jobs are sent', () => {
  const { receive, told, fleet } = setUp();
  void receive(Info, { id: 'm1' }, { ...fleet.info('m1'), window: 16 });
  expect([fleet.info('m1').window, told]).toEqual([16, ['flush m1']]);
});

test('a minion that comes gets what was in flight and what waits, also when it was never told as gone', () => {
  const { handlers, told, fleet } = setUp();
  handlers.online('m1', START_AT, '127.0.0.1');
  handlers.online('m1', START_AT, '127.0.0.1');
  expect(fleet.isOnline('m1')).toBe(true);
  expect(told).toEqual(['requeue m1', 'flush m1', 'requeue m1', 'flush m1']);
});

test('who comes and goes is told when it is configured, and a connection that is taken over is no news', () => {
  const { handlers, events } = setUp({ presenceEvents: true });
  handlers.online('m1', START_AT, '');
  handlers.online('m1', START_AT, '');
  handlers.offline('m1', START_AT);
  expect(events.map(({ data }) => [data.new, data.lost])).toEqual([
    [['m1'], []],
    [[], ['m1']],
  ]);
  const silent = setUp();
  silent.handlers.online('m1', START_AT, '');
  expect(silent.events).toEqual([]);
});

test('what a minion fires is on the bus', () => {
  const { receive, events } = setUp();
  void receive(Fire, { id: 'm1', tag: 'myapp/x' }, { a: 1 });
  expect(events.map(({ tag }) => tag)).toEqual(['myapp/x']);
});

test("a minion's question is answered under the name of the connection", () => {
  const { receive, told } = setUp();
  void receive(Request, { id: 'm1', verb: 'hello' }, { c: 'x7' });
  expect(told).toEqual(['answer m1 hello {"c":"x7"}']);
});

test('an operator is served under the name of the connection', () => {
  const { receive, told } = setUp();
  void receive(OperatorRequest, { user: 'root', c: 'a1' }, { op: 'job' }, 'operator');
  expect(told).toEqual(['operator alice a1 {"op":"job"}']);
});
