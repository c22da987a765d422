import type { Clock } from '../shared/clock.ts';
import { eventStamp } from '../shared/event_stamp.ts';
import type { Logger } from '../shared/log.ts';
import { hideArguments } from '../shared/plugin/hide_arguments.ts';
import { destinationsOf } from '../shared/plugin/open_returner.ts';
import { coreReturners, openReturners } from '../shared/plugin/open_returners.ts';
import { toStoredReturn } from '../shared/plugin/returner.ts';
import type { ReturnerStatus } from '../shared/plugin/returner_lane.ts';
import type { ReturnerQueue } from '../shared/plugin/returner_queue.ts';
import type { ReturnPayload } from '../shared/protocol/messages/return.ts';
import type { MasterConfig } from './config.ts';
import type { EventBus } from './events/event_bus.ts';
import { createEventReturn } from './events/event_return.ts';
import type { JobRecord } from './jobs/job_store.ts';

/**
 * What the master hands to returners: jobs and returns for `ext_job_cache`, events for `event_return` (RET-2, RET-5).
 */
export interface MasterReturners {
  /** Undefined without `ext_job_cache`; else resolves when the entry would survive a power cut. */
  readonly keepJob: ((record: JobRecord) => Promise<void>) | undefined;
  readonly keepReturn: ((record: JobRecord, result: ReturnPayload) => Promise<void>) | undefined;
  /** A job and its return at once. */
  readonly keepOwnJob: ((record: JobRecord, result: ReturnPayload) => Promise<void>) | undefined;
  status: ReturnerQueue['status'];
  stop(): Promise<void>;
}

export async function createMasterReturners(options: {
  readonly config: MasterConfig;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): Promise<MasterReturners> {
  const { config, bus, clock, log } = options;
  const told = (status: ReturnerStatus): void => bus.emit('salt/master/returner', { ...status });
  const queue = await openReturners({ ...options, id: 'master', returners: coreReturners(), told });
  const cache = destinationsOf(config.ext_job_cache);
  const eventReturn = createEventReturn({
    queue,
    destinations: destinationsOf(config.event_return),
    whitelist: config.event_return_whitelist,
    blacklist: config.event_return_blacklist,
    queueSize: config.event_return_queue,
    queueMaxMs: config.event_return_queue_max_seconds * 1000,
    clock,
    log,
  });
  const unlisten = config.event_return.length === 0 ? () => undefined : bus.listen(eventReturn.accept);
  const keepJob = async (record: JobRecord): Promise<void> => {
    const load = hideArguments({ ...record });
    await queue.add(cache, { kind: 'job', value: { jid: record.jid, minions: record.minions, load } });
  };
  const keepReturn = async (record: JobRecord, result: ReturnPayload): Promise<void> => {
    await queue.add(cache, { kind: 'return', value: toStoredReturn(result, record, eventStamp(clock.nowMs())) });
  };
  const keepOwnJob = async (record: JobRecord, result: ReturnPayload): Promise<void> => {
    await keepJob(record);
    await keepReturn(record, result);
  };
  const none = { keepJob: undefined, keepReturn: undefined, keepOwnJob: undefined };
  return {
    ...(cache.length === 0 ? none : { keepJob, keepReturn, keepOwnJob }),
    status: queue.status,
    async stop() {
      unlisten();
      await eventReturn.flush();
      await queue.stop();
    },
  };
}
