import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { FleetError } from '../../shared/errors.ts';
import { createLogger, type LogSink } from '../../shared/log.ts';
import type { Destination, ReturnerOpener } from '../../shared/plugin/open_returner.ts';
import type { OpenReturner } from '../../shared/plugin/returner.ts';
import {
  openReturnerQueue,
  type ReturnerQueue,
  type ReturnerQueueOptions,
} from '../../shared/plugin/returner_queue.ts';
import { type FakeClock, fakeClock } from './fake_context.ts';

export const DAY_MS = 86_400_000;
export const sink: Destination = { returner: 'sink' };

/** A returner that writes down what it was given, and does with it what the test says. */
export class Sink {
  readonly stored: string[] = [];
  /** Times it was opened and closed. */
  opened = 0;
  closed = 0;
  /** May throw, or wait. */
  take: (id: string) => void | Promise<void> = () => undefined;
  openWith: () => void = () => undefined;
  #wake = (): void => undefined;

  async open(): Promise<OpenReturner> {
    this.opened++;
    try {
      this.openWith();
    } finally {
      this.#wake();
    }
    return {
      store: async ({ id }) => {
        try {
          await this.take(id);
          this.stored.push(id);
        } finally {
          this.#wake();
        }
      },
      close: async () => {
        this.closed++;
        this.#wake();
      },
    };
  }

  /** Resolves when something has happened that makes it true. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // The queue hears of it in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'brine-returners-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'queue');
}

export interface QueueSetup {
  readonly queue: ReturnerQueue;
  readonly clock: FakeClock;
  readonly folder: string;
  readonly log: string[];
}

/** `sinks` by the name of the returner; other names are unknown. */
export async function openQueue(
  sinks: Readonly<Record<string, Sink>>,
  options: Partial<ReturnerQueueOptions> & { readonly clock?: FakeClock } = {},
): Promise<QueueSetup> {
  const log: string[] = [];
  const logSink: LogSink = { level: 'info', format: 'text', write: (line) => void log.push(line.slice(20)) };
  const clock = options.clock ?? fakeClock();
  const open: ReturnerOpener = async ({ returner }) => {
    const found = sinks[returner];
    if (found !== undefined) return found.open();
    throw new FleetError('CONFIG_INVALID', `there is no returner '${returner}'`, { hint: 'there are sink' });
  };
  const folder = options.folder ?? (await tempFolder());
  const queue = await openReturnerQueue({
    folder,
    open,
    clock,
    random: () => 1,
    log: createLogger([logSink], () => 0),
    bytesMax: 1024 ** 2,
    ageMaxMs: 7 * DAY_MS,
    ...options,
  });
  return { queue, clock, folder, log };
}

/** What a returner does that is down. */
export function failing(): never {
  throw new FleetError('COMMAND_FAILED', 'the sink is down', { hint: 'start it' });
}
