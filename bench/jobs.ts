import { userInfo } from 'node:os';
import { loadMasterConfig } from '../master/config.ts';
import type { MasterContext } from '../master/context.ts';
import { type Master, startMaster } from '../master/master.ts';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { createLogger } from '../shared/log.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder } from '../shared/plugin/load_folder.ts';
import type { JobRequest } from '../shared/protocol/messages/operator.ts';
import { renderWorkerOf } from '../shared/reactor/render_thread.ts';
import { type BenchmarkContext, defineBenchmark } from './lib/benchmark.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { type Measure, median, percentile } from './lib/measure.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const RUNS = 8;
/** Each run is so many jobs. */
const JOBS = 500;
const AT_A_TIME = 16;

const ping: JobRequest = { op: 'job', tgt: 'm1', tgt_type: 'glob', fun: 'test.ping', arg: [], kwarg: {}, async: false };

export default defineBenchmark({
  summary: 'Jobs to one minion: one after another and many at a time, in the master itself and as an operator.',
  async run(context) {
    const { isQuick, runs = RUNS, progress } = context;
    const fleet = await createRealFleet({ ...context, count: 1 });
    const jobs = isQuick ? AT_A_TIME : JOBS;
    const master = await startOwnMaster(fleet, context);
    try {
      await fleet.startMinions();
      const client = await connectOperator({ socketPath: fleet.socketPath, firstAnswerMs: 5000, clock: systemClock });
      const inMaster = (): Promise<void> => runInMaster(master.context('bench'));
      const asOperator = (): Promise<void> => runAsOperator(client);
      progress(`warming up, then ${runs} times ${jobs} jobs of each kind …`);
      await manyTimes(jobs, 1, inMaster);
      await manyTimes(jobs, 1, asOperator);
      await fleet.loopDelay();
      const measures = [
        ...(await measure('one after another, in the master', { min: 500 }, runs, jobs, 1, inMaster)),
        ...(await measure('one after another, as an operator', undefined, runs, jobs, 1, asOperator)),
        ...(await measure(`${AT_A_TIME} at a time, as an operator`, undefined, runs, jobs, AT_A_TIME, asOperator)),
        // The operator's client, which asks it all, is in the same process.
        ...loopDelayMeasures([await fleet.loopDelay()]),
      ];
      await client.close();
      return measures;
    } finally {
      await fleet.stop();
      await master.stop();
    }
  },
});

async function startOwnMaster(fleet: RealFleet, { dist, progress }: BenchmarkContext): Promise<Master> {
  const plugins = (folder: string) => loadFolder<ModuleSpec<MasterContext>>(new URL(folder, dist));
  return startMaster({
    config: await loadMasterConfig({ configDir: fleet.masterDir, env: {}, overrides: {} }),
    runners: plugins('master/runners/'),
    wheel: plugins('master/wheel/'),
    openRenderThread: renderWorkerOf('master'),
    checkPam: async () => false,
    owner: userInfo().username,
    clock: systemClock,
    random: Math.random,
    log: createLogger([{ level: 'error', format: 'text', write: progress }], () => systemClock.nowMs()),
  });
}

/** Resolves when the return is stored. */
async function runInMaster(context: MasterContext): Promise<void> {
  const { jid } = await context.dispatchJob(ping);
  await new Promise<void>((resolve, reject) => {
    const stop = context.tracker.watch(jid, ({ state, result }) => {
      if (result === undefined && (state === 'sent' || state === 'delivered' || state === 'running')) return;
      stop();
      if (state === 'succeeded') resolve();
      else reject(failed(state));
    });
  });
}

async function runAsOperator(client: OperatorClient): Promise<void> {
  let answer: unknown = 'no answer';
  for await (const step of client.request(ping)) if (step.t === 'ret') answer = step.return;
  if (answer !== true) throw failed(answer);
}

function failed(answer: unknown): FleetError {
  return new FleetError('COMMAND_FAILED', `a job did not return True but ${String(answer)}`);
}

async function measure(
  name: string,
  bar: Measure['bar'],
  runs: number,
  jobs: number,
  atATime: number,
  job: () => Promise<void>,
): Promise<Measure[]> {
  const rates: number[] = [];
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    times.push(...(await manyTimes(jobs, atATime, job)));
    rates.push((jobs / (performance.now() - from)) * 1000);
  }
  return [
    { name, unit: 'per s', values: rates, ...(bar !== undefined && { bar }) },
    { name: `${name}: each, 50th percentile`, unit: 'ms', values: [median(times)] },
    { name: `${name}: each, 99th percentile`, unit: 'ms', values: [percentile(times, 0.99)] },
  ];
}

/** Resolves to how long each took, milliseconds. */
async function manyTimes(count: number, atATime: number, thing: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < count) {
      const from = performance.now();
      await thing();
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  return times;
}
