import type { MasterContext } from '../../master/context.ts';
import { createJobStore } from '../../master/jobs/job_store.ts';
import { createTracker } from '../../master/jobs/tracker.ts';
import { silentLogger } from '../../shared/log.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { createTestFleet } from './create_test_fleet.ts';
import { fakeClock } from './fake_context.ts';
import { createMemoryBus, unheardEvent } from './memory_bus.ts';
import { createMemoryStore } from './memory_store.ts';
import { sampleJob } from './sample_job.ts';
import type { BusEvent } from './start_fleet.ts';

/** A MasterContext with real jobs, bus and fleet in memory; what it was told is written down. */
export interface FakeMasterContext extends MasterContext {
  readonly events: BusEvent[];
  readonly outputters: string[];
  /** Each job that was published. */
  readonly published: JobRequest[];
  /** Each job that was cancelled, and for whom. */
  readonly cancelled: [string, readonly string[] | undefined][];
}

/** Members that are not given throw when they are touched: a test gives what its function needs. */
export function fakeMasterContext(members: Partial<MasterContext> = {}, ids = ['m1', 'm2', 'm3']): FakeMasterContext {
  const clock = fakeClock();
  const jobs = createJobStore(createMemoryStore());
  const events: BusEvent[] = [];
  const outputters: string[] = [];
  const published: JobRequest[] = [];
  const cancelled: FakeMasterContext['cancelled'] = [];
  const bus = createMemoryBus({ clock });
  bus.listen((tag, data) => events.push({ tag, data }));
  const given = {
    user: 'root',
    version: '0.1.0',
    clock,
    log: silentLogger,
    jobs,
    bus,
    fleet: createTestFleet({ acceptedIds: () => ids, clock }),
    tracker: createTracker({ jobs, open: [], clock, log: silentLogger, eventOf: unheardEvent, ended: () => undefined }),
    setOut: (outputter: string) => void outputters.push(outputter),
    setRetcode: () => undefined,
    setParts: () => undefined,
    events,
    outputters,
    published,
    cancelled,
    dispatchJob: async (request: JobRequest) => {
      published.push(request);
      return sampleJob({ minions: [request.tgt].flat() });
    },
    async cancelJob(jid: string, chosen?: readonly string[]) {
      cancelled.push([jid, chosen]);
      return chosen ?? [];
    },
    ...members,
  };
  return new Proxy(given as unknown as FakeMasterContext, {
    get(target, member) {
      if (member in target) return target[member as keyof FakeMasterContext];
      throw new Error(`the test gives no ${String(member)}`);
    },
  });
}
