import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nowSeconds } from '../../../../shared/clock.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import type { JobPayload } from '../../../../shared/protocol/messages/job.ts';
import { settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';

const WINDOW = 2;

/** What is seen of one minion from outside. */
interface Model {
  isOnline: boolean;
  /** Sent on this connection, and neither running nor over nor handed back. */
  readonly inflight: string[];
  readonly running: Set<string>;
  /** When each accepted job expires. */
  readonly exp: Map<string, number>;
  /** What was sent and should not have been: who throws while it is sent is not heard. */
  readonly wrong: string[];
}

type Real = ReturnType<typeof setUpDispatcher>;
type Step = fc.AsyncCommand<Model, Real>;

const forget = (model: Model, jid: string): void => {
  const index = model.inflight.indexOf(jid);
  if (index !== -1) model.inflight.splice(index, 1);
};

/** A step, and what the dispatcher makes of it: then the model is told of what ended meanwhile. */
const step = (name: string, run: (model: Model, real: Real) => unknown): Step => ({
  check: () => true,
  async run(model, real) {
    await run(model, real);
    await settle();
    for (const jid of [...model.exp.keys()].filter((one) => real.tracker.row(one, 'm1') === undefined)) {
      model.exp.delete(jid);
      model.running.delete(jid);
      forget(model, jid);
    }
    expect(model.inflight.length).toBeLessThanOrEqual(WINDOW);
    expect(model.wrong).toEqual([]);
  },
  toString: () => name,
});

const inflightStep = (name: string, run: (jid: string, model: Model, real: Real) => unknown) =>
  fc.nat(WINDOW - 1).map((index) =>
    step(`${name} ${index}`, async (model, real) => {
      const jid = model.inflight[index];
      if (jid !== undefined) await run(jid, model, real);
    }),
  );

const steps = [
  fc.array(fc.constantFrom(0, 10, 600), { minLength: 1, maxLength: 3 }).map((queued) =>
    step(`dispatch, queue for ${queued.join(', ')} s`, async (model, { dispatch, jobs, tracker }) => {
      for (const queueFor of queued) {
        const { jid, exp } = await dispatch({ queue_for: queueFor });
        if (tracker.row(jid, 'm1') === undefined) expect(jobs.endedRow(jid, 'm1')?.state).toBe('expired');
        else model.exp.set(jid, exp);
      }
    }),
  ),
  inflightStep('puback', (jid, _model, { sent }) => sent.findLast(({ job }) => job.jid === jid)?.acknowledged()),
  inflightStep('run', async (jid, model, { tracker, dispatcher }) => {
    forget(model, jid);
    model.running.add(jid);
    await tracker.commit(jid, 'm1', 'run');
    dispatcher.settled(jid, 'm1');
  }),
  inflightStep('busy', async (jid, model, { tracker, dispatcher }) => {
    forget(model, jid);
    await tracker.commit(jid, 'm1', 'requeue', { mayHaveIt: false });
    dispatcher.postpone(jid, 'm1');
  }),
  fc.nat(3).map((index) =>
    step(`return ${index}`, async (model, { tracker }) => {
      const jid = [...model.running, ...model.inflight][index];
      if (jid !== undefined)
        await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: 1, retcode: 0 } });
    }),
  ),
  fc.constant(
    step('disconnect', (model, { fleet, dispatcher, clock }) => {
      model.isOnline = false;
      model.inflight.length = 0;
      fleet.setOffline('m1', nowSeconds(clock));
      dispatcher.requeue('m1');
    }),
  ),
  fc.constant(
    step('connect', (model, { fleet, dispatcher, clock }) => {
      model.isOnline = true;
      model.inflight.length = 0;
      fleet.setOnline('m1', nowSeconds(clock));
      dispatcher.requeue('m1');
      dispatcher.flush('m1');
    }),
  ),
  fc.integer({ min: 1, max: 15 }).map((seconds) => step(`${seconds} s pass`, (_model, { pass }) => pass(seconds))),
  fc.integer({ min: 1, max: 100 }).map((seconds) =>
    step(`the master is held up for ${seconds} s`, ({ inflight, running }, { clock, tracker, pass }) => {
      const heard = [...inflight, ...running].filter((jid) => (tracker.row(jid, 'm1')?.exp ?? 0) > nowSeconds(clock));
      clock.advance((seconds - 1) * 1000);
      const unread = pass(1);
      // What was said meanwhile is still to be read: nothing of it may be given up.
      return unread.then(() => {
        for (const jid of heard) expect(tracker.row(jid, 'm1')).toBeDefined();
      });
    }),
  ),
];

async function check(commands: Iterable<Step>): Promise<void> {
  const model: Model = { isOnline: true, inflight: [], running: new Set(), exp: new Map(), wrong: [] };
  const real = setUpDispatcher({
    limits: { queuedPerMinionMax: 100, openMax: 1000, inflightMax: WINDOW },
    send(id, { topic, payload }, acknowledged = () => undefined) {
      const job = decodePayload(payload) as JobPayload;
      const now = nowSeconds(real.clock);
      if (!model.isOnline) model.wrong.push(`${job.jid} went to a minion that is away`);
      if (job.exp <= now) model.wrong.push(`${job.jid} had expired`);
      if (model.inflight.includes(job.jid)) model.wrong.push(`${job.jid} was there already`);
      for (const [jid, exp] of model.exp) {
        const isWaiting = exp > now && !model.inflight.includes(jid) && !model.running.has(jid);
        if (isWaiting && jid < job.jid) model.wrong.push(`${job.jid} went before ${jid}`);
      }
      model.inflight.push(job.jid);
      real.sent.push({ id, topic, job, acknowledged });
      return true;
    },
  });
  await fc.asyncModelRun(() => ({ model, real }), commands);
  // However it went, time ends everything.
  await real.passUntilOver();
  expect(real.tracker.openCount()).toBe(0);
}

test('a minion is sent what is good, oldest first, no more than its window, and everything ends', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 40 }), check), { numRuns: 200 });
});
