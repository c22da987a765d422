import { readFileSync } from 'node:fs';
import { createJobStore } from '../../master/jobs/job_store.ts';
import { openStore } from '../../master/store/open_store.ts';
import { parseLedger } from '../../minion/jobs/ledger.ts';
import { decodeLines } from '../../minion/lib/line_log.ts';
import { systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { silentLogger } from '../../shared/log.ts';
import { type ChaosFleet, createChaosFleet, pause } from './chaos_fleet.ts';
import { type ChaosPlan, MASTER, planChaos } from './chaos_plan.ts';
import { startEventCounter } from './event_counter.ts';
import { judge, type Verdict, type Violation } from './judge.ts';
import { readSideEffects } from './side_effects.ts';
import { type Acceptance, createOperator, isGone, type Operator } from './workload.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Hears what goes on, a line at a time. */
  readonly tell: (line: string) => void;
}

export interface ChaosReport extends Verdict {
  readonly seed: number;
  readonly durationMs: number;
  readonly plan: ChaosPlan;
  readonly smallDisks: readonly string[];
  readonly accepted: ReadonlyMap<string, Acceptance>;
  /** Highest resident memory of each daemon, MB. */
  readonly memoryMb: ReadonlyMap<string, number>;
  /** Daemons that ended without being asked. */
  readonly exits: number;
  /** Logs, effects and configuration, kept when something was violated. */
  readonly directory: string | undefined;
}

const MINIONS = ['m1', 'm2', 'm3'];
const START_MS = 300_000;
/** After the last fault: reconnects, and the timers of the master. What is open then is lost. */
const SETTLE_MS = 50_000;
const SAMPLE_MS = 1000;
const MEMORY_MAX_MB: Readonly<Record<'master' | 'minion', number>> = { master: 300, minion: 200 };
const BUG = /looks like a bug|a bug was caught|this is a bug|impossible change/;

/** Runs jobs and faults together, lets the fleet settle, and compares what was said with what happened. */
export async function runChaos({ seed, durationMs, tell }: ChaosOptions): Promise<ChaosReport> {
  const fleet = await createChaosFleet(MINIONS);
  const plan = planChaos({ seed, minions: MINIONS, durationMs, smallDisks: fleet.smallDisks });
  const operator = createOperator(fleet.socketPath);
  const memory = sampleMemory(fleet);
  let violated = true;
  try {
    fleet.start();
    await untilAllUp(operator, fleet);
    tell(`the fleet is up: ${plan.jobs.length} jobs and ${plan.faults.length} faults to come`);
    const events = startEventCounter(fleet.socketPath);
    const [accepted] = await Promise.all([playJobs(plan, fleet, operator), playFaults(plan, fleet, tell)]);
    tell('the faults are over: settling');
    const isSettled = await settle(operator);
    if (!isSettled) tell(`not settled: ${JSON.stringify(await operator.runner('jobs.active'))}`);
    await events.stop();
    await operator.close();
    memory.stop();
    await fleet.stop();
    const verdict = await examine(fleet, plan, accepted, events.counts);
    const violations = [...verdict.violations, ...loggedBugs(fleet), ...overweight(memory.highestMb)];
    violated = violations.length > 0;
    return {
      ...verdict,
      violations,
      seed,
      durationMs,
      plan,
      smallDisks: fleet.smallDisks,
      accepted,
      memoryMb: memory.highestMb,
      exits: [...fleet.daemons.values()].reduce((sum, daemon) => sum + daemon.exits(), 0),
      directory: violated ? fleet.directory : undefined,
    };
  } finally {
    memory.stop();
    await fleet.stop();
    await fleet.remove({ keepLogs: violated });
  }
}

async function untilAllUp(operator: Operator, fleet: ChaosFleet): Promise<void> {
  const isUp = await poll(START_MS, async () => {
    const up = (await operator.runner('manage.up')) as readonly string[];
    return up.length === MINIONS.length;
  });
  if (isUp) return;
  const last = [...fleet.daemons].map(([name, daemon]) => `${name}: ${daemon.lines(/./).at(-1)}`);
  throw new Error(`the fleet did not come up; each said last:\n${last.join('\n')}`);
}

/** True when every part of every job has ended. */
function settle(operator: Operator): Promise<boolean> {
  return poll(SETTLE_MS, async () => Object.keys((await operator.runner('jobs.active')) as object).length === 0);
}

async function poll(patienceMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const until = performance.now() + patienceMs; performance.now() < until; ) {
    try {
      if (await isDone()) return true;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await pause(500);
  }
  return false;
}

async function playJobs(plan: ChaosPlan, fleet: ChaosFleet, operator: Operator): Promise<Map<string, Acceptance>> {
  const accepted = new Map<string, Acceptance>();
  const startMs = performance.now();
  const asked = plan.jobs.map(async (job) => {
    await pause(startMs + job.atMs - performance.now());
    const acceptance = await operator.publish(job, fleet.effectFile);
    accepted.set(job.token, acceptance);
    if (job.cancelAfterMs === undefined || acceptance.kind !== 'accepted') return;
    await pause(job.cancelAfterMs);
    await operator.runner('jobs.cancel', [acceptance.jid]).catch((error: unknown) => {
      if (!isGone(error) && !isDeclined(error)) throw error;
    });
  });
  await Promise.all(asked);
  return accepted;
}

/** The job was over before it could be cancelled, or the disk on which that is noted is full: the job goes its way. */
function isDeclined(error: unknown): boolean {
  return error instanceof FleetError && (error.code === 'COMMAND_FAILED' || error.code === 'FILE_UNREADABLE');
}

async function playFaults(plan: ChaosPlan, fleet: ChaosFleet, tell: (line: string) => void): Promise<void> {
  const startMs = performance.now();
  const inflicted = plan.faults.map(async (fault) => {
    await pause(startMs + fault.atMs - performance.now());
    tell(`${(fault.atMs / 1000).toFixed(1)} s: ${fault.kind} ${fault.target} for ${fault.forMs} ms`);
    await fleet.inflict(fault);
  });
  await Promise.all(inflicted);
}

async function examine(
  fleet: ChaosFleet,
  plan: ChaosPlan,
  accepted: ReadonlyMap<string, Acceptance>,
  events: ReadonlyMap<string, number>,
): Promise<Verdict> {
  const store = await openStore(fleet.storePath, { clock: systemClock, log: silentLogger });
  try {
    return await judge({
      jobs: createJobStore(store),
      accepted,
      effects: readSideEffects(fleet.effectFile),
      takenUntil: readLedgers(fleet),
      runSeconds: new Map(plan.jobs.map(({ token, runSeconds }) => [token, runSeconds])),
      events,
    });
  } finally {
    await store.close();
  }
}

/** What each minion wrote down when it took a part. */
function readLedgers(fleet: ChaosFleet): Map<string, number> {
  const entries = MINIONS.flatMap((id) =>
    [...parseLedger(decodeLines(readFileSync(fleet.ledgerPath(id))).lines)].map(
      ([jid, { exp }]) => [`${jid} ${id}`, exp] as const,
    ),
  );
  return new Map(entries);
}

function sampleMemory(fleet: ChaosFleet) {
  const highestMb = new Map<string, number>();
  const timer = setInterval(() => {
    for (const [name, daemon] of fleet.daemons) {
      highestMb.set(name, Math.max(highestMb.get(name) ?? 0, daemon.memoryMb() ?? 0));
    }
  }, SAMPLE_MS);
  return { highestMb, stop: () => clearInterval(timer) };
}

function loggedBugs(fleet: ChaosFleet): Violation[] {
  return [...fleet.daemons].flatMap(([name, daemon]) =>
    daemon.lines(BUG).map((line) => ({ kind: 'bug_logged' as const, text: `${name}: ${line}` })),
  );
}

function overweight(highestMb: ReadonlyMap<string, number>): Violation[] {
  return [...highestMb].flatMap(([name, mb]) => {
    const max = MEMORY_MAX_MB[name === MASTER ? 'master' : 'minion'];
    return mb <= max ? [] : [{ kind: 'memory' as const, text: `${name} used ${Math.round(mb)} MB, more than ${max}` }];
  });
}
