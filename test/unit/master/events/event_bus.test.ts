import { expect, test } from 'vitest';
import { createEventBus } from '../../../../master/events/event_bus.ts';
import { createLogger } from '../../../../shared/log.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { fakeClock } from '../../../support/fake_context.ts';

function setUp() {
  const published: Packet[] = [];
  const logged: string[] = [];
  const log = createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const bus = createEventBus({ publish: (packet) => published.push(packet), clock: fakeClock(), log });
  return { bus, published, logged };
}

test('an event is stamped, published as JSON under salt/event and told to who listens', () => {
  const { bus, published } = setUp();
  const heard: unknown[] = [];
  bus.listen((tag, data) => heard.push([tag, data]));
  bus.emit('myapp/deployed', { build: 42 });
  const data = { _stamp: '2026-01-01T00:00:00.000000', build: 42 };
  expect(heard).toEqual([['myapp/deployed', data]]);
  expect(published.map(({ topic }) => topic)).toEqual(['salt/event/myapp/deployed']);
  expect(JSON.parse(Buffer.from(published[0]!.payload).toString())).toEqual(data);
});

test('a listener that throws is logged and hurts nobody', () => {
  const { bus, logged } = setUp();
  const heard: string[] = [];
  bus.listen(() => {
    throw new Error('of the listener');
  });
  bus.listen((tag) => heard.push(tag));
  bus.emit('a/b', {});
  expect(heard).toEqual(['a/b']);
  expect(logged.join()).toContain('of the listener');
});

test('an event whose tag no topic can carry is told here all the same, and logged', () => {
  const { bus, published, logged } = setUp();
  const heard: string[] = [];
  bus.listen((tag) => heard.push(tag));
  bus.emit('a+b', {});
  expect([heard, published]).toEqual([['a+b'], []]);
  expect(logged.join()).toContain('tag=a+b');
});

test('who stopped listening hears nothing more', () => {
  const { bus } = setUp();
  const heard: string[] = [];
  const stop = bus.listen((tag) => heard.push(tag));
  stop();
  bus.emit('a/b', {});
  expect(heard).toEqual([]);
});
