import type { NotedRefusal } from '../broker/refusals.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import { createFn, type ModuleSpec } from '../shared/plugin/function.ts';
import type { JobRequest } from '../shared/protocol/messages/operator.ts';
import type { ReturnPayload } from '../shared/protocol/messages/return.ts';
import type { Observers } from './auth/observers.ts';
import type { Operators } from './auth/operators.ts';
import type { MasterConfig } from './config.ts';
import type { Wire } from './conformance/wire.ts';
import type { EventBus } from './events/event_bus.ts';
import type { EventLog } from './events/event_log.ts';
import type { EventStreams } from './events/event_streams.ts';
import type { Fleet } from './fleet.ts';
import type { GrainCache } from './grains/grain_cache.ts';
import type { JobRecord, JobStore } from './jobs/job_store.ts';
import type { Tracker } from './jobs/tracker.ts';
import type { Authority } from './keys/authority.ts';
import type { Devices } from './keys/devices.ts';
import type { KeyStore } from './keys/key_store.ts';
import type { Rotation } from './keys/rotation.ts';
import type { TokenStore } from './keys/tokens.ts';
import type { Mine } from './mine/mine.ts';
import type { AuditLog } from './permissions/audit_log.ts';
import type { Reactor } from './reactor/reactor.ts';
import type { MasterReturners } from './returners.ts';

/** What a runner or a wheel function may touch: the master's own state, never the broker or a socket. */
export interface MasterContext {
  /** The operator who calls, as the connection says. */
  readonly user: string;
  readonly version: string;
  readonly config: MasterConfig;
  readonly fleet: Fleet;
  readonly jobs: JobStore;
  readonly tracker: Tracker;
  readonly keys: KeyStore;
  readonly authority: Authority;
  readonly rotation: Rotation;
  readonly tokens: TokenStore;
  readonly operators: Operators;
  readonly observers: Observers;
  readonly wire: Wire;
  readonly audit: AuditLog | undefined;
  readonly newJid: () => string;
  readonly devices: Devices;
  readonly returners: Pick<MasterReturners, 'status'>;
  readonly bus: EventBus;
  readonly eventLog: EventLog;
  readonly mine: Mine;
  readonly grainCache: GrainCache;
  readonly reactor: Reactor;
  readonly streams: EventStreams;
  /** Publishes a job in the caller's name. */
  readonly dispatchJob: (request: JobRequest) => Promise<JobRecord>;
  /** Stops a job in the caller's name, on all minions or on some; the ids whose parts were open. */
  readonly cancelJob: (jid: string, ids?: readonly string[]) => Promise<readonly string[]>;
  /** Counters of the broker, by name. */
  readonly counters: () => Readonly<Record<string, number>>;
  /** Who was refused what of late, the last first. */
  readonly refusals: () => readonly NotedRefusal[];
  readonly clock: Clock;
  readonly log: Logger;
  setOut(outputter: string): void;
  setRetcode(retcode: number): void;
  /**
   * At that path of the value stands the return of a minion that came in parts: whoever reads the value is told how to
   * get it.
   */
  setParts(at: readonly string[], jid: string, result: ReturnPayload): void;
}

/** A function of a runner or of the wheel; see FunctionSpec. */
export const fn = createFn<MasterContext>();

/** A runner: the same shape as an execution module, but it runs on the master. */
export function defineRunner(spec: ModuleSpec<MasterContext>): ModuleSpec<MasterContext> {
  return spec;
}

/** A wheel module: it changes the master itself. */
export function defineWheel(spec: ModuleSpec<MasterContext>): ModuleSpec<MasterContext> {
  return spec;
}
