import { expect, test } from 'vitest';
import { openEventLog } from '../../../../master/events/event_log.ts';
import { createEventStreams } from '../../../../master/events/event_streams.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { OperatorResponsePayload } from '../../../../shared/protocol/messages/operator.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { until } from '../../../support/until.ts';

function setUp() {
  const clock = fakeClock();
  const eventLog = openEventLog({ store: createMemoryStore(), keepMs: 0, bytesMax: 8000, clock, log: silentLogger });
  const reader = { backlog: 0 as number | undefined };
  const streams = createEventStreams({ eventLog, backlogOf: () => reader.backlog, clock });
  const serve = (members = {}) => {
    const steps: OperatorResponsePayload[] = [];
    streams.serve({ op: 'events', tag: '*', ...members }, 'salt/op/root/rsp/c', (step) => steps.push(step));
    return steps;
  };
  const fill = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from + 1 }, (_, n) => eventLog.append(`a/${from + n}`, {})));
  return { clock, eventLog, reader, streams, serve, fill };
}

const tagsOf = (steps: readonly OperatorResponsePayload[]) =>
  steps.flatMap((step) => (step.t === 'event' ? [step.tag] : []));

test('a reader that does not keep up is waited for, and told what was swept meanwhile', async () => {
  const { clock, eventLog, reader, serve, fill } = setUp();
  const steps = serve();
  await fill(1, 10);
  await until('the first are told', () => tagsOf(steps).length === 10);
  reader.backlog = 300 * 1024;
  await fill(11, 400);
  clock.advance(1000);
  await eventLog.sweep();
  expect(tagsOf(steps)).toHaveLength(10);
  reader.backlog = 0;
  clock.advance(500);
  await until('it has caught up', () => tagsOf(steps).at(-1) === 'a/400');
  const lost = eventLog.firstCursor - 11;
  expect(lost).toBeGreaterThan(0);
  expect(steps[11]).toMatchObject({ tag: 'salt/event/lost', data: { lost } });
  expect(steps[12]).toMatchObject({ tag: `a/${11 + lost}`, cursor: 11 + lost });
});

test('who wants so many gets so many and an end', async () => {
  const { eventLog, streams, serve, fill } = setUp();
  await fill(1, 5);
  const steps = serve({ tag: 'a/[24]', from: 0, count: 2 });
  await until('it ends', () => steps.at(-1)?.t === 'end');
  expect(steps.map(({ t }) => t)).toEqual(['listening', 'event', 'event', 'end']);
  expect(tagsOf(steps)).toEqual(['a/2', 'a/4']);
  expect(streams.size).toBe(0);
  await eventLog.append('a/4', {});
  expect(steps).toHaveLength(4);
});

test('a place that is not there yet is the newest one', async () => {
  const { serve, fill } = setUp();
  await fill(1, 3);
  expect(serve({ from: 99 })).toEqual([{ t: 'listening', cursor: 3 }]);
});

test('who has gone is told nothing more', async () => {
  const { clock, reader, streams, serve, fill } = setUp();
  const steps = serve();
  reader.backlog = undefined;
  clock.advance(500);
  expect(streams.size).toBe(0);
  await fill(1, 3);
  expect(steps).toEqual([{ t: 'listening', cursor: 0 }]);
});

test('there is a limit to how many follow at a time', () => {
  const { streams, serve } = setUp();
  for (let n = 0; n < 100; n++) serve();
  expect(() => serve()).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(streams.size).toBe(100);
});
