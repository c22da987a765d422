import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { median } from './lib/measure.ts';
import { pssMb } from './lib/own_process.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const MINIONS = 4;
const RUNS = 10;
/** Each run is so many jobs to all minions that are well. */
const JOBS = 40;

export default defineBenchmark({
  summary:
    'Jobs to minions that are well, beside one that is stopped (SIGSTOP) and has jobs queued for it: time and memory.',
  async run({ dist, home, isQuick, minions: count = MINIONS, runs = RUNS, progress }) {
    const fleet = await createRealFleet({ dist, home, isQuick, count });
    const jobs = isQuick ? 1 : JOBS;
    try {
      await fleet.startMaster();
      await fleet.startMinions();
      const client = await connectOperator({ socketPath: fleet.socketPath, firstAnswerMs: 30_000, clock: systemClock });
      progress('warming up …');
      await timeRun(client, fleet, jobs);
      await fleet.loopDelay();
      progress(`${runs} times ${jobs} jobs, with the last minion running and stopped in turns …`);
      const figures = await measureInTurns(client, fleet, runs, jobs);
      await client.close();
      return [
        { name: 'jobs, all minions run', unit: 'ms', values: figures.runningMs },
        { name: 'jobs, one minion is stopped', unit: 'ms', values: figures.stoppedMs },
        {
          name: 'stopped / running, of the medians',
          unit: 'x',
          values: [median(figures.stoppedMs) / median(figures.runningMs)],
          bar: { max: 1.1 },
        },
        { name: 'master before, PSS', unit: 'MB', values: [figures.beforeMb] },
        { name: 'master while a minion is stopped, PSS', unit: 'MB', values: figures.stoppedMb },
        ...loopDelayMeasures([figures.loop]),
      ];
    } finally {
      await fleet.stop();
    }
  },
});

/** In turns, so that both see the same machine. */
async function measureInTurns(client: OperatorClient, fleet: RealFleet, runs: number, jobs: number) {
  const { master, minions } = fleet.processes();
  const frozen = minions.at(-1)!;
  const beforeMb = pssMb(master!.pid);
  const runningMs: number[] = [];
  const stoppedMs: number[] = [];
  const stoppedMb: number[] = [];
  for (let run = 0; run < runs; run++) {
    runningMs.push(await timeRun(client, fleet, jobs));
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      stoppedMs.push(await timeRun(client, fleet, jobs));
      stoppedMb.push(pssMb(master!.pid));
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    // Jobs start in their order: with this one all that waited for it is over.
    await ask(client, { tgt: fleet.ids.at(-1), queue_for: 600 });
  }
  return { loop: await fleet.loopDelay(), beforeMb, runningMs, stoppedMs, stoppedMb };
}

/** Milliseconds for all jobs of a run, one after another; with each, another one that the last minion may take later. */
async function timeRun(client: OperatorClient, fleet: RealFleet, jobs: number): Promise<number> {
  const well = fleet.ids.slice(0, -1);
  const from = performance.now();
  for (let job = 0; job < jobs; job++) {
    const answers = await ask(client, { tgt: well.join(','), queue_for: 0 });
    if (answers !== well.length) throw new FleetError('COMMAND_FAILED', `${answers} of ${well.length} answered`);
    await ask(client, { tgt: fleet.ids.at(-1), queue_for: 600, async: true });
  }
  return performance.now() - from;
}

/** How many returned True. */
async function ask(client: OperatorClient, job: Readonly<Record<string, unknown>>): Promise<number> {
  let answers = 0;
  const request = { op: 'job', tgt_type: 'list', fun: 'test.ping', arg: [], kwarg: {}, timeout: 30, ...job };
  for await (const step of client.request(request)) if (step.t === 'ret' && step.return === true) answers++;
  return answers;
}
