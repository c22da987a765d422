import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { type HoldConnectionOptions, holdConnection, keepConnected } from '../../../../minion/link/keep_connected.ts';
import { createBackoff } from '../../../../shared/client/backoff.ts';
import type { Connection } from '../../../../shared/client/connection.ts';
import { createLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const FIRST_MS = 1000;
const MAX_MS = 60_000;

/** A connection, and a link that notes what it is told of it. */
function setUp(announce: () => Promise<void> = async () => undefined) {
  const told: string[] = [];
  const clock = fakeClock();
  const abort = new AbortController();
  const backoff = createBackoff({ firstMs: FIRST_MS, maxMs: MAX_MS, random: () => 1 });
  let end = (_reason: string): void => undefined;
  const closed = new Promise<string>((resolve) => {
    end = resolve;
  });
  const connection: Connection = {
    publish: async () => undefined,
    refuse: () => undefined,
    subscribe: async () => undefined,
    unsubscribe: async () => undefined,
    closed,
    async close() {
      told.push('closed');
      end('the connection was closed');
    },
  };
  const options: HoldConnectionOptions = {
    announce,
    connected: () => told.push('connected'),
    disconnected: (reason) => told.push(`disconnected: ${reason}`),
    reconnect: { maxMs: MAX_MS },
    backoff,
    clock,
    log: createLogger([], clock.nowMs),
    signal: abort.signal,
  };
  return { told, clock, abort, backoff, end, over: holdConnection(connection, options) };
}

test('a connection that could not be announced is closed, and nobody hears of its end', async () => {
  const { told, abort, over } = setUp(() => Promise.reject(new Error('refused')));
  await expect(over).rejects.toThrow('refused');
  expect(told).toEqual(['closed']);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

test('who was told of a connection is told of its end, with the reason', async () => {
  const { told, end, over } = setUp();
  end('the master went away');
  await over;
  expect(told.slice(0, 2)).toEqual(['connected', 'disconnected: the master went away']);
});

test('the signal closes the connection', async () => {
  const { told, abort, over } = setUp();
  abort.abort();
  await over;
  expect(told).toContain('closed');
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

test.each([
  { what: 'a connection that lasted lets the waits begin anew', lastedMs: MAX_MS, nextMs: FIRST_MS },
  { what: 'one that ended soon does not', lastedMs: MAX_MS - 1, nextMs: 4 * FIRST_MS },
])('$what', async ({ lastedMs, nextMs }) => {
  const { clock, backoff, end, over } = setUp();
  backoff.next();
  backoff.next();
  await Promise.resolve();
  clock.advance(lastedMs);
  end('the master went away');
  await over;
  expect(backoff.next()).toBe(nextMs);
});

test('after a failure the wait is as long as recovery says, after a connection as the backoff says', async () => {
  const waitsMs: number[] = [];
  const abort = new AbortController();
  const ends = [new Error('not now'), undefined, new Error('never')];
  const clock = {
    ...fakeClock(),
    after(delayMs: number, run: () => void) {
      waitsMs.push(delayMs);
      queueMicrotask(run);
      return { stop: () => undefined };
    },
  };
  const over = keepConnected({
    async attend() {
      const error = ends.shift();
      if (error !== undefined) throw error;
    },
    async recover(error) {
      if ((error as Error).message === 'never') throw error;
      return 5;
    },
    backoff: createBackoff({ firstMs: FIRST_MS, maxMs: MAX_MS, random: () => 1 }),
    clock,
    signal: abort.signal,
  });
  await expect(over).rejects.toThrow('never');
  expect(waitsMs).toEqual([5, FIRST_MS]);
});
