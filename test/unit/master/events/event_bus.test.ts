import { expect, test } from 'vitest';
import { createLogger } from '../../../../shared/log.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryBus } from '../../../support/memory_bus.ts';

function setUp() {
  const published: Packet[] = [];
  const logged: string[] = [];
  const log = createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const bus = createMemoryBus({ publish: (packet) => published.push(packet), clock: fakeClock(), log });
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

test('an event that JSON cannot say goes out as an error, and nobody who fires is hurt', () => {
  const { bus, published, logged } = setUp();
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  bus.emit('a/b', cyclic);
  expect(JSON.parse(Buffer.from(published[0]!.payload).toString())).toMatchObject({ error: expect.any(String) });
  expect(logged.join()).toContain('could not be encoded');
});

test('an event that is held goes out when its change is stored', () => {
  const { bus, published } = setUp();
  const heard: string[] = [];
  bus.listen((tag) => heard.push(tag));
  const [held, dropped] = [bus.hold('a/held', {}), bus.hold('a/dropped', {})];
  expect([heard, published]).toEqual([[], []]);
  held.fire();
  dropped.drop();
  expect([heard, published.map(({ topic }) => topic)]).toEqual([['a/held'], ['salt/event/a/held']]);
});

test('who stopped listening hears nothing more', () => {
  const { bus } = setUp();
  const heard: string[] = [];
  const stop = bus.listen((tag) => heard.push(tag));
  stop();
  bus.emit('a/b', {});
  expect(heard).toEqual([]);
});
