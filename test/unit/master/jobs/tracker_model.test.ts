import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal, type JobEvent, jobEvents, nextState } from '../../../../master/jobs/job_state.ts';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { createTracker, type JobUpdate, readOpenJobs, type Tracker } from '../../../../master/jobs/tracker.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { JobStateName } from '../../../../shared/protocol/messages/operator.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { unheardEvent } from '../../../support/memory_bus.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { sampleJob } from '../../../support/sample_job.ts';

const { jid, minions } = sampleJob();

/** What a tracker is: a state for each part, and the first return that came for it. */
interface Model {
  readonly states: Map<string, JobStateName>;
  readonly returns: Map<string, unknown>;
}

/** What was said to the world, across restarts. */
interface Real {
  readonly store: ReturnType<typeof createMemoryStore>;
  readonly ended: JobUpdate[];
  tracker: Tracker;
}

async function open({ store, ended }: Pick<Real, 'store' | 'ended'>): Promise<Tracker> {
  const told = (_record: unknown, update: JobUpdate): void => void ended.push(update);
  const jobs = createJobStore(store);
  return createTracker({
    jobs,
    open: await readOpenJobs(jobs),
    clock: fakeClock(),
    log: silentLogger,
    eventOf: unheardEvent,
    ended: told,
  });
}

type Step = fc.AsyncCommand<Model, Real>;
const step = (name: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const result = (id: string, value: number) => ({ id, return: value, retcode: 0, success: true });

function happen(id: string, event: JobEvent, value: number | undefined, isDiskFull: boolean): Step {
  return step(`${id} ${event} ${value ?? ''}${isDiskFull ? ', the disk is full' : ''}`, async (model, real) => {
    const state = model.states.get(id) as JobStateName;
    const next = nextState(state, event);
    if (isDiskFull) real.store.hold();
    const committed = real.tracker.commit(jid, id, event, value === undefined ? {} : { result: result(id, value) });
    if (isDiskFull && real.store.waiting > 0) {
      real.store.settle(new Error('ENOSPC'));
      await expect(committed).rejects.toThrow('ENOSPC');
      real.store.release();
      return;
    }
    real.store.release();
    expect(await committed).toBe(next !== undefined);
    if (next !== undefined) model.states.set(id, next);
    const isKept = isTerminal(state) || (next !== undefined && isTerminal(next));
    if (value !== undefined && isKept && !model.returns.has(id)) model.returns.set(id, value);
  });
}

const restart = step('restart', async (model, real) => {
  real.tracker = await open(real);
  for (const [id, state] of model.states) if (!isTerminal(state)) model.states.set(id, 'queued');
});

const id = fc.constantFrom(...minions);
const value = fc.option(fc.nat(3), { nil: undefined });
const steps = [
  fc.tuple(id, fc.constantFrom(...jobEvents), value, fc.boolean()).map((args) => happen(...args)),
  fc.constant(restart),
];

async function check(commands: Iterable<Step>): Promise<void> {
  const model: Model = { states: new Map(minions.map((minion) => [minion, 'queued'])), returns: new Map() };
  const parts = { store: createMemoryStore(), ended: [] as JobUpdate[] };
  const real: Real = { ...parts, tracker: await open(parts) };
  await real.tracker.add(sampleJob(), new Map());
  await fc.asyncModelRun(() => ({ model, real }), commands);
  const jobs = createJobStore(real.store);
  for (const [minion, state] of model.states) {
    expect(jobs.endedRow(jid, minion)?.state).toBe(isTerminal(state) ? state : undefined);
    expect(real.tracker.row(jid, minion)?.state).toBe(isTerminal(state) ? undefined : state);
    const told = real.ended.filter((update) => update.id === minion);
    expect(told.map((update) => update.state).filter((end) => end !== state)).toEqual([]);
    expect(told.filter((update) => update.result !== undefined)).toHaveLength(model.returns.has(minion) ? 1 : 0);
    expect(told.filter((update) => update.result === undefined).length).toBeLessThanOrEqual(1);
    expect(told.length > 0).toBe(isTerminal(state));
  }
  expect(new Map([...(await jobs.returns(jid))].map(([minion, kept]) => [minion, kept.return]))).toEqual(model.returns);
}

test('whatever happens, a part has one end that is stored and told once, and keeps its first return', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 25 }), check), { numRuns: 300 });
});
