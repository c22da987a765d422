import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { withNamedCalls } from '../../shared/plugin/named_calls.ts';
import { CallRequest, JobRequest } from '../../shared/protocol/messages/operator.ts';
import { isTerminal } from '../jobs/job_state.ts';
import type { JobRecord } from '../jobs/job_store.ts';
import type { Tracker } from '../jobs/tracker.ts';
import { mayPeerPublish, mayPeerRun } from '../peer.ts';
import { MinionTarget } from './minion_target.ts';
import { defineRequest, type RequestContext } from './request.ts';

/** A peer may wait this long for its answers, seconds. */
const TIMEOUT_MAX = 3600;

const PublishJob = v.object({
  ...v.pick(JobRequest, ['tgt_type', 'fun', 'arg', 'kwarg', 'ret']).entries,
  op: v.literal('publish'),
  tgt: MinionTarget,
  /** Seconds to wait for returns. */
  timeout: v.pipe(v.number(), v.minValue(0.001), v.maxValue(TIMEOUT_MAX)),
});
type PublishJob = v.InferOutput<typeof PublishJob>;

const RunRunner = v.object({ ...CallRequest.entries, op: v.literal('runner') });

/** Peer publishing (ACL-1): a minion runs a function on others, or a runner, when `peer` or `peer_run` says so. */
export const publish = defineRequest({
  payload: v.variant('op', [PublishJob, RunRunner]),
  answer: (context, id, payload) =>
    payload.op === 'publish' ? publishJob(context, id, payload) : runRunner(context, id, payload),
});

async function publishJob(options: RequestContext, id: string, request: PublishJob) {
  const { tgt, tgt_type, fun, arg, kwarg, ret, timeout } = request;
  const minions = await options.fleet.match(tgt, tgt_type);
  for (const called of withNamedCalls({ fun, arg, kwarg })) {
    const question = { id, fun: called.fun, minions };
    if (!(await mayPeerPublish(options.config.peer, question))) throw refused(id, called.fun || fun, 'peer');
  }
  const { dispatchJob, tracker, jobs } = options.context(peerName(id));
  const record = await dispatchJob({ op: 'job', tgt, tgt_type, fun, arg, kwarg, ret, timeout, async: false });
  await ended(tracker, record, timeout * 1000, options);
  const returns = [...(await jobs.returns(record.jid))].map(
    ([minion, result]) => [minion, { ret: result.return, retcode: result.retcode, out: result.out }] as const,
  );
  return { jid: record.jid, minions: record.minions, returns: Object.fromEntries(returns) };
}

async function runRunner(
  { config, callRunner }: RequestContext,
  id: string,
  { fun, arg, kwarg }: v.InferOutput<typeof RunRunner>,
) {
  if (!mayPeerRun(config.peer_run, { id, fun })) throw refused(id, fun, 'peer_run');
  return (await callRunner(peerName(id), { op: 'runner', fun, arg, kwarg })).value;
}

/** As jobs and events name who asked: no operator can have this name. */
function peerName(id: string): string {
  return `minion ${id}`;
}

function refused(id: string, fun: string, setting: string): FleetError {
  return new FleetError('NOT_PERMITTED', `minion ${id} may not publish ${fun}`, {
    hint: `the master allows it by '${setting}' in its configuration`,
  });
}

/** Resolves when every part of the job is over, or the time is. */
function ended(tracker: Tracker, { jid }: JobRecord, timeoutMs: number, { clock }: RequestContext): Promise<void> {
  return new Promise((resolve) => {
    const isOver = (): boolean => (tracker.get(jid)?.rows.size ?? 0) === 0;
    if (isOver()) return resolve();
    const finish = (): void => {
      stop();
      timer.stop();
      resolve();
    };
    const timer = clock.after(timeoutMs, finish);
    const stop = tracker.watch(jid, ({ state }) => {
      if (isTerminal(state) && isOver()) finish();
    });
  });
}
