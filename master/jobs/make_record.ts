import { FleetError } from '../../shared/errors.ts';
import { howMany } from '../../shared/how_many.ts';
import type { BatchRequest, JobRequest } from '../../shared/protocol/messages/operator.ts';
import type { BatchPlan } from './batch.ts';
import type { JobRecord } from './job_store.ts';

/** Whom a job is for, as far as the request leaves a choice. */
export interface Choice {
  readonly minions: readonly string[];
  /** Those of them that are connected. */
  readonly online: readonly string[];
  /** What they are told the target is, where they could not read it. */
  readonly words?: readonly string[];
}

export interface RecordDefaults {
  /** Seconds a job waits to be started when the request does not say. */
  readonly timeoutSeconds: number;
  /** Seconds an offline minion's job is kept when the request does not say; 0: not at all. */
  readonly queueForSeconds: number;
  /** Longest run of any job. */
  readonly runSeconds: number;
}

/** Applies `subset` and `quorum`. Throws QUORUM_MISSED. */
export function chooseMinions({ minions, online }: Choice, request: JobRequest, random: () => number): Choice {
  const { subset, quorum } = request;
  if (quorum !== undefined && online.length < quorum * minions.length) {
    const wanted = Math.ceil(quorum * minions.length);
    throw new FleetError(
      'QUORUM_MISSED',
      `${online.length} of ${minions.length} minions are connected, the quorum is ${wanted}`,
      {
        hint: 'salt-run manage.down lists the others',
      },
    );
  }
  if (subset === undefined) return { minions, online };
  const drawn = draw(online, subset, random).sort();
  return { minions: drawn, online: drawn };
}

/** Fisher and Yates, as far as it is needed. */
function draw(ids: readonly string[], count: number, random: () => number): string[] {
  const pool = [...ids];
  const drawn: string[] = [];
  while (drawn.length < count && pool.length > 0) {
    drawn.push(...pool.splice(Math.floor(random() * pool.length), 1));
  }
  return drawn;
}

/** The job as it is stored. `nowSeconds` may have a fraction. */
export function makeRecord(
  jid: string,
  user: string,
  request: JobRequest,
  { minions, online, words }: Choice,
  defaults: RecordDefaults,
  nowSeconds: number,
): JobRecord {
  const { fun, arg, kwarg, tgt, tgt_type, metadata, run_timeout: runTimeout } = request;
  const batch = request.batch !== undefined && online.length > request.batch.above ? request.batch : undefined;
  const startSeconds = request.timeout ?? defaults.timeoutSeconds;
  const queueSeconds = request.queue_for ?? defaults.queueForSeconds;
  const waitSeconds = Math.max(startSeconds, queueSeconds);
  return {
    jid,
    fun,
    arg,
    kwarg,
    tgt,
    tgt_type,
    ...(words !== undefined && { words }),
    user,
    minions,
    // The last part of a batch may begin only when all others have run as long as they may.
    exp: Math.ceil(nowSeconds + (batch === undefined ? waitSeconds : waitSeconds + defaults.runSeconds)),
    ...(queueSeconds > 0 && { queues_offline: true }),
    ...(runTimeout !== undefined && { timeout_ms: Math.min(runTimeout, defaults.runSeconds) * 1000 }),
    ...(batch !== undefined && { batch: { ...planBatch(batch, online.length), start_s: startSeconds } }),
    ...(metadata !== undefined && { metadata }),
    ...(request.ret !== undefined && {
      ret: request.ret,
      ret_config: request.ret_config,
      ret_kwargs: request.ret_kwargs,
    }),
  };
}

/** Percentages become numbers: of minions that are there, at least one. */
export function planBatch(batch: BatchRequest, onlineCount: number): BatchPlan {
  const { size, wait, failhard, abort_on_failures: share, rate } = batch;
  const failuresMax = failhard ? 1 : share === undefined ? undefined : Math.max(1, Math.ceil(share * onlineCount));
  return {
    size: howMany(size, onlineCount),
    wait_ms: wait * 1000,
    ...(failuresMax !== undefined && { failures_max: failuresMax }),
    ...(rate !== undefined && { per_second: rate }),
  };
}
