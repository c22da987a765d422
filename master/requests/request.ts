import type * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { CallRunner } from '../call_runner.ts';
import type { MasterConfig } from '../config.ts';
import type { MasterContext } from '../context.ts';
import type { Fleet } from '../fleet.ts';
import type { GrainCache } from '../grains/grain_cache.ts';
import type { Dispatcher } from '../jobs/dispatch.ts';
import type { Tracker } from '../jobs/tracker.ts';
import type { Authority } from '../keys/authority.ts';
import type { KeyStore } from '../keys/key_store.ts';
import type { Mine } from '../mine/mine.ts';

/** What a minion's question may look at. */
export interface RequestContext {
  readonly authority: Authority;
  readonly keys: Pick<KeyStore, 'get' | 'delete'>;
  readonly fleet: Fleet;
  readonly mine: Mine;
  readonly grainCache: GrainCache;
  readonly config: Pick<MasterConfig, 'peer' | 'peer_run' | 'allow_minion_key_revoke'>;
  /** What a minion that was allowed to publish acts with. */
  readonly context: (user: string) => Pick<MasterContext, 'dispatchJob' | 'tracker' | 'jobs'>;
  readonly callRunner: CallRunner;
  readonly tracker: Pick<Tracker, 'all'>;
  readonly dispatcher: Pick<Dispatcher, 'requeue' | 'flush'>;
  readonly send: (id: string, packet: Packet) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The answer to one kind of question, `salt/req/<id>/<verb>`. */
export interface RequestSpec<S extends v.GenericSchema> {
  /** What the question must hold, beside its correlation id. */
  readonly payload: S;
  /** `id` is who asks, as its connection says. What it throws becomes the answer. */
  answer(context: RequestContext, id: string, payload: v.InferOutput<S>): unknown;
}

export type AnyRequest = RequestSpec<v.GenericSchema>;

export function defineRequest<const S extends v.GenericSchema>(spec: RequestSpec<S>): AnyRequest {
  return spec as unknown as AnyRequest;
}
