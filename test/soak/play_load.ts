import { openConnection } from '../../shared/client/connection.ts';
import type { OperatorClient, OperatorStep } from '../../shared/client/operator_client.ts';
import { sleep, systemClock } from '../../shared/clock.ts';
import type { SeededRandom } from '../chaos/seeded_random.ts';
import type { JobCounts } from './judge.ts';
import { call, createOperators, openOperator } from './operators.ts';
import { type PlannedJob, planJob } from './plan_job.ts';

const OBSERVER = 'watcher';
/** An observer, a follower of events: how long each stays. */
const VISIT_SECONDS = { min: 2, max: 20 };
const PROBLEMS_MAX = 20;
/** What becomes of a part of a batch whose minion goes away when its turn comes. */
const LOST_TURN = ['expired', 'timed_out'];
/** How long a minion whose key was deleted is not asked for. */
const GONE_SECONDS = 60;
/** How long a part may be open after its operator has gone: a minion that is away comes back long before. */
const PATIENCE_SECONDS = 200;
/** Between two looks at such a job: twice as long each time, so that a slow master is not asked ever more. */
const LOOK_AGAIN_SECONDS = { min: 2, max: 30 };

export interface LoadOptions {
  readonly socketPath: string;
  /** Where observers log in with a password. */
  readonly tcpPort: number;
  readonly ids: readonly string[];
  /** Jobs a second. */
  readonly rate: number;
  /** Between two keys that are deleted, seconds. */
  readonly deleteEverySeconds: number;
  readonly random: SeededRandom;
}

export interface LoadReport {
  readonly jobs: JobCounts;
  readonly operators: number;
  readonly observers: number;
  readonly keysDeleted: number;
  /** What ended wrongly, the first of it. */
  readonly problems: readonly string[];
}

/** Jobs, visitors and deleted keys until the signal fires; resolves when all that was asked for is answered. */
export async function playLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadReport> {
  const { socketPath, ids, rate, random } = options;
  const operators = createOperators(socketPath);
  const manager = await openOperator(socketPath);
  const jobs = { wanted: 0, accepted: 0, parts: 0, ended: 0, wrong: 0 };
  const counts = { operators: 0, observers: 0, keysDeleted: 0 };
  const problems: string[] = [];
  const deletedAt = new Map<string, number>();
  const password = String(
    await call(manager, 'runner', 'observers.add', [OBSERVER, ['salt/event/#', 'salt/presence/+']]),
  );

  /** A minion whose key was deleted is none for a while, and who asks for it alone is told so. */
  const present = (): readonly string[] => {
    const sinceMs = performance.now() - GONE_SECONDS * 1000;
    return ids.filter((id) => (deletedAt.get(id) ?? Number.NEGATIVE_INFINITY) < sinceMs);
  };
  const tell = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const note = ({ request }: PlannedJob, what: string): void =>
    tell(`${JSON.stringify(request).slice(0, 150)}: ${what}`);
  const judgeJob = (
    planned: PlannedJob,
    startMs: number,
    minions: readonly string[],
    states: ReadonlyMap<string, string>,
  ) => {
    jobs.parts += minions.length;
    jobs.ended += minions.filter((id) => states.has(id)).length;
    for (const id of minions) {
      const state = states.get(id) ?? 'open';
      const isExcused = (deletedAt.get(id) ?? Number.NEGATIVE_INFINITY) >= startMs;
      // Of a batch, who is away when its turn comes has lost it.
      const mayFail =
        planned.outcome === 'cancel' || (planned.request.batch !== undefined && LOST_TURN.includes(state));
      if (state === 'succeeded' || (state !== 'open' && (mayFail || isExcused))) continue;
      if (state !== 'open') jobs.wrong++;
      note(planned, `${state} on ${id}`);
    }
  };
  const playJob = async (planned: PlannedJob): Promise<void> => {
    const startMs = performance.now();
    let minions: readonly string[] | undefined;
    let jid = '';
    const states = new Map<string, string>();
    jobs.wanted++;
    const heard = (step: OperatorStep, client: OperatorClient): boolean => {
      if (step.t === 'job') {
        const isNew = minions === undefined;
        minions ??= step.minions as string[];
        jid = String(step.jid);
        if (!isNew) return true;
        if (planned.outcome === 'cancel') void call(client, 'runner', 'jobs.cancel', [step.jid]).catch(() => undefined);
        return planned.outcome !== 'leave';
      }
      if (step.t === 'ret') states.set(String(step.id), step.success === true ? 'succeeded' : 'failed');
      if (step.t === 'state' && step.final === true) states.set(String(step.id), String(step.state));
      return true;
    };
    try {
      await operators.ask(planned.request, heard);
      // Who was away when it was asked for comes back, and then answers; an operator is not kept waiting for that.
      let seconds = LOOK_AGAIN_SECONDS.min;
      for (let waited = 0; waited < PATIENCE_SECONDS && minions?.every((id) => states.has(id)) === false; ) {
        await sleep(systemClock, seconds * 1000);
        waited += seconds;
        seconds = Math.min(2 * seconds, LOOK_AGAIN_SECONDS.max);
        await operators.ask({ op: 'watch', jid }, heard);
      }
    } catch (error) {
      note(planned, String(error));
    }
    if (minions === undefined) return;
    jobs.accepted++;
    judgeJob(planned, startMs, minions, states);
  };

  const visitors = [
    repeat(signal, () => watch(options, password, counts, signal)),
    repeat(signal, () => follow(options, counts, signal)),
    repeat(signal, async () => {
      await sleep(systemClock, options.deleteEverySeconds * 1000, signal);
      if (signal.aborted) return;
      const id = random.pick(ids);
      deletedAt.set(id, Number.POSITIVE_INFINITY);
      try {
        await call(manager, 'wheel', 'key.delete', [[id]]);
        counts.keysDeleted++;
      } catch (error) {
        // It may have been deleted all the same: the answer was late.
        tell(`key.delete ${id}: ${String(error)}`);
      }
      deletedAt.set(id, performance.now());
    }),
  ];
  const asked: Promise<void>[] = [];
  const beginMs = performance.now();
  for (let n = 0; !signal.aborted; n++) {
    await sleep(systemClock, Math.max(0, beginMs + (n * 1000) / rate - performance.now()), signal);
    const there = present();
    // In a small fleet all keys may be new: nobody is there to be asked.
    if (!signal.aborted && there.length > 0) asked.push(playJob(planJob(random, there)));
  }
  await Promise.all([...asked, ...visitors]);
  await operators.close();
  await call(manager, 'runner', 'observers.remove', [OBSERVER]);
  await manager.close();
  return { jobs, ...counts, operators: counts.operators, problems };
}

async function repeat(signal: AbortSignal, once: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await once();
}

/** An observer comes, and goes without a word. */
async function watch(options: LoadOptions, password: string, counts: { observers: number }, signal: AbortSignal) {
  const connection = await openConnection({
    endpoint: { kind: 'tcp', host: '127.0.0.1', port: options.tcpPort },
    clientId: `watcher-${counts.observers++}`,
    username: OBSERVER,
    password,
    keepaliveSeconds: 60,
    connectTimeoutMs: 60_000,
    received: () => undefined,
  });
  await connection.subscribe(['salt/event/#', 'salt/presence/+']);
  await stay(options.random, signal);
  await connection.close();
}

/** An operator follows the events of jobs for a while, and goes in the middle of it. */
async function follow({ socketPath, random }: LoadOptions, counts: { operators: number }, signal: AbortSignal) {
  const client = await openOperator(socketPath);
  counts.operators++;
  const leaving = stay(random, signal).then(() => client.close());
  try {
    for await (const _step of client.request({ op: 'events', tag: 'salt/job/*' }));
  } catch {
    // The connection is over: that is how it goes.
  }
  await leaving;
}

function stay(random: SeededRandom, signal: AbortSignal): Promise<void> {
  return sleep(systemClock, random.integer(VISIT_SECONDS.min, VISIT_SECONDS.max) * 1000, signal);
}
