import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ledger, openLedger } from '../../../../minion/jobs/ledger.ts';
import { silentLogger } from '../../../../shared/log.ts';

/** A copy of a job may still come so long after it expired. */
const MARGIN_SECONDS = 3600;
const START = 1_000_000;

/** What a ledger is: for each job id when it expires, and whether it is known to be finished. */
interface Model {
  readonly jobs: Map<string, { readonly exp: number; isFinished: boolean }>;
  nowSeconds: number;
  next: number;
}

interface Real {
  readonly path: string;
  /** All that were ever opened: those of killed processes too. */
  readonly opened: Ledger[];
  ledger: Ledger;
}

type Step = fc.AsyncCommand<Model, Real>;
const step = (name: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const newJid = (model: Model): string => String(model.next++).padStart(20, '0');

/** Opened anew: what expired long ago and is finished may be forgotten, nothing else. */
async function reopen(model: Model, real: Real, wasKilled: boolean): Promise<void> {
  if (!wasKilled) await real.ledger.close();
  real.ledger = await openLedger(real.path, () => model.nowSeconds, silentLogger);
  real.opened.push(real.ledger);
  const interrupted = new Set(real.ledger.interrupted.map((job) => job.jid));
  for (const [jid, { exp, isFinished }] of model.jobs) {
    if (!isFinished) expect(interrupted).toContain(jid);
    else if (!wasKilled) expect(interrupted).not.toContain(jid);
    if (isFinished && !interrupted.has(jid) && exp + MARGIN_SECONDS < model.nowSeconds) model.jobs.delete(jid);
  }
  // A minion reports what was interrupted before it takes anything new.
  for (const jid of interrupted) {
    expect(model.jobs.has(jid)).toBe(true);
    real.ledger.finish(jid);
    (model.jobs.get(jid) as { isFinished: boolean }).isFinished = true;
  }
}

const steps = [
  fc.integer({ min: 1, max: 7200 }).map((seconds) =>
    step(`accept for ${seconds} s`, async (model, real) => {
      const jid = newJid(model);
      expect(real.ledger.has(jid)).toBe(false);
      await real.ledger.accept(jid, model.nowSeconds + seconds);
      model.jobs.set(jid, { exp: model.nowSeconds + seconds, isFinished: false });
    }),
  ),
  fc.nat(20).map((index) =>
    step(`finish ${index}`, async (model, real) => {
      const jid = [...model.jobs.keys()][index];
      if (jid === undefined) return;
      real.ledger.finish(jid);
      (model.jobs.get(jid) as { isFinished: boolean }).isFinished = true;
    }),
  ),
  fc.integer({ min: 1, max: 5000 }).map((seconds) =>
    step(`${seconds} s pass`, async (model) => {
      model.nowSeconds += seconds;
    }),
  ),
  fc.constant(step('stop and start', (model, real) => reopen(model, real, false))),
  fc.constant(step('kill and start', (model, real) => reopen(model, real, true))),
  fc.nat(30).map((length) =>
    step(`power cut within a line, after ${length} characters`, async (model, real) => {
      const jid = newJid(model);
      const text = (await readFile(real.path, 'utf8')).replace(/\0+$/, '');
      await writeFile(real.path, text);
      await appendFile(real.path, `+ ${jid} ${model.nowSeconds}`.slice(0, length));
      await reopen(model, real, true);
      expect(real.ledger.has(jid)).toBe(false);
    }),
  ),
];

async function check(commands: Iterable<Step>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'brine-ledger-'));
  const model: Model = { jobs: new Map(), nowSeconds: START, next: 1 };
  const path = join(directory, 'ledger');
  const ledger = await openLedger(path, () => model.nowSeconds, silentLogger);
  const real: Real = { path, ledger, opened: [ledger] };
  try {
    await fc.asyncModelRun(() => ({ model, real }), commands);
    for (const jid of model.jobs.keys()) expect(real.ledger.has(jid), jid).toBe(true);
  } finally {
    await Promise.all(real.opened.map((each) => each.close().catch(() => undefined)));
    await rm(directory, { recursive: true, force: true });
  }
}

test('whatever is killed, a job that was taken is known until no copy of it can come, and is interrupted or finished', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 20 }), check), { numRuns: 40 });
});
