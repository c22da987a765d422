import * as v from 'valibot';
import { createDispatcher, type DispatcherOptions } from '../../master/jobs/dispatch.ts';
import { createJobStore } from '../../master/jobs/job_store.ts';
import { createSweeper } from '../../master/jobs/sweep.ts';
import { createTracker, type OpenJob, readOpenJobs } from '../../master/jobs/tracker.ts';
import { silentLogger } from '../../shared/log.ts';
import { nextTurn } from '../../shared/pace.ts';
import { decodePayload } from '../../shared/protocol/codec.ts';
import type { InfoPayload, JobPayload } from '../../shared/protocol/messages/job.ts';
import { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { createTestFleet } from './create_test_fleet.ts';
import { fakeClock } from './fake_context.ts';
import { createMemoryBus, unheardEvent } from './memory_bus.ts';
import { createMemoryStore, type MemoryStore } from './memory_store.ts';
import { START_AT } from './sample_job.ts';

/** What a full minion says of itself. */
export const FULL: InfoPayload = { v: 1, max_packet: 262_144, window: 16, enc: 'cbor', sig: 'ed25519' };

export interface Sent {
  readonly id: string;
  readonly job: JobPayload;
  readonly topic: string;
  readonly acknowledged: () => void;
}

/** Seconds: after its expiry, without a sign of life, and at all. */
const TIMERS = { startGraceSeconds: 3, stepSeconds: 60, runSeconds: 100 };
/** However long it may take: then each part of a job that nobody speaks of is over. */
const PATIENCE_SECONDS = 1000;

/** What a master is after a restart, over what it stored before. */
export async function restartDispatcher(store: MemoryStore) {
  return setUpDispatcher({}, store, await readOpenJobs(createJobStore(store)));
}

/** A dispatcher between a real tracker and a broker that only writes down what it was given. */
export function setUpDispatcher(
  overrides: Partial<DispatcherOptions> = {},
  store = createMemoryStore(),
  open: readonly OpenJob[] = [],
) {
  const clock = fakeClock();
  const jobs = createJobStore(store);
  const sent: Sent[] = [];
  const told: string[] = [];
  const events: { tag: string; data: Readonly<Record<string, unknown>> }[] = [];
  const bus = createMemoryBus({ clock });
  bus.listen((tag, data) => events.push({ tag, data }));
  const fleet = createTestFleet({ acceptedIds: () => ['m1', 'm2', 'm3'], clock });
  for (const id of ['m1', 'm2']) {
    fleet.setOnline(id, START_AT);
    fleet.setInfo(id, FULL);
  }
  const tracker = createTracker({
    jobs,
    open,
    clock,
    log: silentLogger,
    eventOf: unheardEvent,
    ended: (record, { id, state }) => dispatcher.ended(record.jid, id, state !== 'succeeded'),
  });
  let count = 0;
  const dispatcher = createDispatcher({
    tracker,
    jobs,
    random: () => 0,
    keep: undefined,
    fleet,
    bus,
    newJid: () => String(++count).padStart(20, '0'),
    clock,
    log: silentLogger,
    timeoutSeconds: 5,
    queueForSeconds: 0,
    runSeconds: 3600,
    limits: { queuedPerMinionMax: 100, openMax: 1000, inflightMax: 4 },
    permit: async () => undefined,
    pullsBlocks: () => false,
    refused: async () => undefined,
    sign: async (payload) => payload,
    kid: () => 'c0ffee12',
    sendControl: async (id, jid, op) => told.push(`${op} ${jid} ${id}`) > 0,
    send(id, { topic, payload }, acknowledged) {
      sent.push({
        id,
        topic,
        job: decodePayload(payload) as JobPayload,
        acknowledged: acknowledged ?? (() => undefined),
      });
      return true;
    },
    ...overrides,
  });
  const dispatch = (request: Partial<v.InferInput<typeof JobRequest>> = {}) =>
    dispatcher.dispatchJob(v.parse(JobRequest, { op: 'job', tgt: 'm1', fun: 'test.ping', ...request }), 'root');
  const sweep = createSweeper({ tracker, timers: TIMERS, clock, fleet, isFull: dispatcher.isFull });
  /** As the master's timer does it, a second after the other. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      await sweep();
      dispatcher.flushAll();
      await settle();
    }
  };
  const passUntilOver = async (): Promise<void> => {
    for (let second = 0; second < PATIENCE_SECONDS && tracker.openCount() > 0; second++) await pass(1);
  };
  return { clock, store, jobs, sent, told, events, fleet, tracker, dispatcher, dispatch, sweep, pass, passUntilOver };
}

/** On a busy machine a turn of the event loop may be over before it began. */
const SETTLE_TURNS = 4;

/** Lets what is signed and sent in the background happen. */
export async function settle(): Promise<void> {
  for (let count = 0; count < SETTLE_TURNS; count++) await nextTurn();
}
