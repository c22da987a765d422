import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCollector } from '../../../../master/jobs/collect.ts';
import { next } from '../../../../master/requests/next.ts';
import type { RequestContext } from '../../../../master/requests/request.ts';
import { nowSeconds } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import type { JobPayload } from '../../../../shared/protocol/messages/job.ts';
import { settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';

/** A device that is slow, on a bad line, without acknowledgements of MQTT, and asks for what it may have missed. */
interface Device {
  isOnline: boolean;
  /** What is on the line to it, and may be lost there. */
  readonly coming: JobPayload[];
  /** What it took; it takes a job once. */
  readonly taken: Set<string>;
  /** Its answers on the line to the master. */
  readonly answers: string[];
}

/** What is known of each job from outside. */
interface Model extends Device {
  readonly exp: Map<string, number>;
  /** Its answer reached the master, which has not failed to store it. */
  readonly answered: Set<string>;
  readonly wrong: string[];
}

type Real = ReturnType<typeof setUp>;
type Step = fc.AsyncCommand<Model, Real>;

function setUp(model: Model) {
  const rig = setUpDispatcher({
    send(_id, { payload }) {
      const job = decodePayload(payload) as JobPayload;
      if (!model.isOnline) return false;
      if (job.exp <= nowSeconds(rig.clock)) model.wrong.push(`${job.jid} had expired`);
      if (model.answered.has(job.jid)) model.wrong.push(`${job.jid} was answered before`);
      model.coming.push(job);
      return true;
    },
  });
  rig.fleet.setInfo('m1', { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'none' });
  const { dispatcher } = rig;
  const collector = createCollector({
    ...rig,
    bus: { emit: () => undefined } as never,
    log: silentLogger,
    takeScheduled: async () => false,
    keep: undefined,
    parts: undefined as never,
    sendControl: async () => true,
  });
  /** As the broker does it: a return that could not be stored is not acknowledged. */
  const answer = (jid: string): Promise<void> => {
    model.answered.add(jid);
    return collector.collectReturn(jid, 'm1', { id: 'm1', return: true, retcode: 0 }).catch(() => {
      if (!rig.jobs.hasReturn(jid, 'm1')) model.answered.delete(jid);
    });
  };
  const ask = () => next.answer({ dispatcher } as unknown as RequestContext, 'm1', {});
  return { ...rig, collector, answer, ask };
}

/** A step, and all that follows from it. */
const step = (name: string, run: (model: Model, real: Real) => unknown): Step => ({
  check: () => true,
  async run(model, real) {
    await run(model, real);
    await settle();
    expect(model.wrong).toEqual([]);
  },
  toString: () => name,
});

/** The oldest open job is on its way when the device has asked: the window of one holds no other. */
const isOffered = ({ exp, answered, coming }: Model, { clock, tracker }: Real): boolean => {
  const open = [...exp].filter(([jid, end]) => end > nowSeconds(clock) && tracker.row(jid, 'm1') !== undefined);
  const [oldest] = open.map(([jid]) => jid).filter((jid) => !answered.has(jid));
  return oldest === undefined || coming.some(({ jid }) => jid === oldest) || open.some(([jid]) => answered.has(jid));
};

const steps = [
  fc.constantFrom(0, 30, 600).map((queueFor) =>
    step(`dispatch, queue for ${queueFor} s`, async (model, { dispatch, tracker, store }) => {
      store.release();
      const { jid, exp } = await dispatch({ queue_for: queueFor });
      if (tracker.row(jid, 'm1') !== undefined) model.exp.set(jid, exp);
    }),
  ),
  fc.constant(
    step('next', async (model, real) => {
      await real.ask();
      await settle();
      if (model.isOnline) expect(isOffered(model, real)).toBe(true);
    }),
  ),
  fc.constant(step('a message is lost', (model) => model.coming.shift())),
  fc.constant(
    step('the device takes a job', (model, { clock }) => {
      const job = model.coming.shift();
      if (job === undefined || job.exp <= nowSeconds(clock)) return;
      // A repeat is not run: its answer is sent again.
      model.taken.add(job.jid);
      model.answers.push(job.jid);
    }),
  ),
  fc.constant(
    step('the device hands a job back', (model, { collector }) => {
      const job = model.coming.shift();
      if (job !== undefined && !model.taken.has(job.jid)) collector.collectAck(job.jid, 'm1', { st: 'busy' });
    }),
  ),
  fc.constant(step('an answer is lost', (model) => model.answers.shift())),
  fc.boolean().map((isStoredLater) =>
    step(`an answer arrives${isStoredLater ? ', and its storing takes long' : ''}`, async (model, real) => {
      const jid = model.answers.shift();
      if (jid === undefined) return;
      if (isStoredLater) real.store.hold();
      else real.store.release();
      const stored = real.answer(jid);
      if (!isStoredLater) await stored;
    }),
  ),
  fc.boolean().map((isFull) =>
    step(isFull ? 'the disk is full' : 'what is stored is stored', (_model, { store }) => {
      if (isFull) store.settle(new Error('ENOSPC'));
      store.release();
    }),
  ),
  fc.constant(
    step('disconnect', (model, { fleet, dispatcher, clock }) => {
      Object.assign(model, { isOnline: false });
      model.coming.length = 0;
      fleet.setOffline('m1', nowSeconds(clock));
      dispatcher.requeue('m1');
    }),
  ),
  fc.constant(
    step('connect', (model, { fleet, dispatcher, clock }) => {
      Object.assign(model, { isOnline: true });
      model.coming.length = 0;
      fleet.setOnline('m1', nowSeconds(clock));
      dispatcher.requeue('m1');
      dispatcher.flush('m1');
    }),
  ),
  fc.integer({ min: 1, max: 15 }).map((seconds) =>
    step(`${seconds} s pass`, (_model, { store, pass }) => {
      store.release();
      return pass(seconds);
    }),
  ),
];

async function check(commands: Iterable<Step>): Promise<void> {
  const model: Model = {
    isOnline: true,
    coming: [],
    taken: new Set(),
    answers: [],
    exp: new Map(),
    answered: new Set(),
    wrong: [],
  };
  const real = setUp(model);
  await fc.asyncModelRun(() => ({ model, real }), commands);
  real.store.release();
  await real.passUntilOver();
  expect(real.tracker.openCount()).toBe(0);
  for (const jid of model.exp.keys()) {
    const { state, reason } = real.jobs.endedRow(jid, 'm1') ?? {};
    const isReturned = real.jobs.hasReturn(jid, 'm1');
    expect({ jid, isReturned }).toEqual({ jid, isReturned: model.answered.has(jid) });
    // Who never answered is told apart from whom nothing was ever sent to, and each says why.
    if (!isReturned) expect(reason).toMatch(state === 'expired' ? /^expired before it could be sent: / : /it/);
    if (state === 'expired') expect(model.taken).not.toContain(jid);
  }
}

test('what was handed out and not answered is handed out again, and what was answered never', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 40 }), check), { numRuns: 200 });
});
