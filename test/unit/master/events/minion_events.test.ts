import { expect, test } from 'vitest';
import { emitMinionEvent } from '../../../../master/events/minion_events.ts';
import { mayFire } from '../../../../shared/event_tags.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryBus } from '../../../support/memory_bus.ts';

const JID = '20260101000000000001';

test.each([
  ['salt/minion/m1/start', true],
  ['salt/beacon/m1/load', true],
  ['salt/beacon/m1/inotify//etc'.replace('//', '/'), true],
  ['myapp/deployed', true],
  ['m1/anything', true],
  ['salted/nuts', true],
  ['salt/minion/m1/returner', true],
  ['salt/minion/m2/returner', false],
  ['salt/minion/m2/start', false],
  ['salt/minion/m1/start/x', false],
  ['salt/beacon/m2/load', false],
  ['salt/beacon/m1', false],
  ['salt/beacon/m10/load', false],
  ['salt/key', false],
  ['salt/auth', false],
  [`salt/job/${JID}/new`, false],
  [`salt/job/${JID}/ret/m1`, false],
  [`salt/job/${JID}/publish`, false],
  ['salt/run/x/new', false],
  ['salt/wheel/x/new', false],
  ['salt/cloud/m1/created', false],
  ['salt/presence/change', false],
  ['salt/x', false],
  ['salt', false],
  ['minion_start', false],
  ['minion/refresh/m1', false],
  ['$local/x', false],
  ['key', false],
])('m1 may fire %s: %s', (tag, expected) => {
  expect(mayFire('m1', tag)).toBe(expected);
});

function emitted(tag: string, payload: Readonly<Record<string, unknown>>): unknown {
  let heard: unknown;
  const bus = createMemoryBus({ clock: fakeClock() });
  bus.listen((_tag, data) => {
    heard = data;
  });
  void emitMinionEvent(bus, 'm1', tag, payload);
  return heard;
}

test('the payload of a custom event is nested under data, beside who fired it and when', () => {
  expect(emitted('myapp/deployed', { build: 42, _stamp: '2025-12-31T23:59:59.000000' })).toEqual({
    data: { build: 42 },
    id: 'm1',
    tag: 'myapp/deployed',
    cmd: '_minion_event',
    pretag: null,
    _stamp: '2025-12-31T23:59:59.000000',
  });
});

test('a start has its members at the top, and the time of the master when it brought none', () => {
  expect(emitted('salt/minion/m1/start', { data: 'Minion m1 started' })).toEqual({
    data: 'Minion m1 started',
    id: 'm1',
    tag: 'salt/minion/m1/start',
    cmd: '_minion_event',
    pretag: null,
    _stamp: '2026-01-01T00:00:00.000000',
  });
});

test('a payload cannot speak for another minion', () => {
  const lies = { id: 'm2', tag: 'salt/key', cmd: '_return', _stamp: { not: 'a time' } };
  const truth = { id: 'm1', tag: 'salt/beacon/m1/x', cmd: '_minion_event', _stamp: '2026-01-01T00:00:00.000000' };
  expect(emitted('salt/beacon/m1/x', lies)).toMatchObject(truth);
  expect(emitted('my/app', lies)).toMatchObject({ id: 'm1', data: { id: 'm2' } });
});
