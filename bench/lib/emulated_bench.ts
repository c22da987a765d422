import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../shared/errors.ts';
import type { FleetContext } from './benchmark.ts';
import { figure } from './figure.ts';
import type { LoopDelay } from './loop_delay.ts';
import type { Measure } from './measure.ts';
import { type OwnProcess, startProcess } from './own_process.ts';
import { createRealFleet, untilOnline, writeConfig } from './real_fleet.ts';

/** A real master, and emulated minions in one other process. */
export interface EmulatedBench {
  readonly masterDir: string;
  readonly socketPath: string;
  master(): OwnProcess;
  minions(): OwnProcess;
  startMaster(): Promise<void>;
  /**
   * So many minions in place of those that ran before; resolves when all are connected and nothing goes on any more.
   */
  emulate(count: number, args?: readonly string[]): Promise<void>;
  /** Resolves when the processes use next to nothing; at once when it is only to be seen that the benchmark works. */
  untilIdle(processes: readonly OwnProcess[]): Promise<void>;
  /** Of the master's event loop, since this was last asked. */
  loopDelay(): Promise<LoopDelay>;
  stop(): Promise<void>;
}

/** Beyond the bursts that the master takes by default, thousands of minions would wait for each other alone. */
export const CONNECTS_PER_SECOND = 1000;

export async function createEmulatedBench({ dist, home, isQuick }: FleetContext) {
  const settings = [`max_connects_per_second: ${CONNECTS_PER_SECOND}`];
  const fleet = await createRealFleet({ dist, home, isQuick, count: 0, masterSettings: settings });
  const minionDir = writeConfig(home, 'emulated', [`master: ${fleet.address}`], 'minion');
  const directory = join(home, 'emulated', 'minions');
  mkdirSync(directory, { recursive: true });
  let minions: OwnProcess | undefined;
  const kill = (): void => minions?.kill();
  process.once('exit', kill);
  const running = (process: OwnProcess | undefined): OwnProcess => {
    if (process === undefined) throw new FleetError('COMMAND_FAILED', 'the process does not run');
    return process;
  };
  const bench: EmulatedBench = {
    masterDir: fleet.masterDir,
    socketPath: fleet.socketPath,
    master: () => running(fleet.processes().master),
    minions: () => running(minions),
    startMaster: () => fleet.startMaster(),
    async emulate(count, args = []) {
      await minions?.stop();
      const program = fileURLToPath(new URL('salt-emulate.cjs', dist));
      const where = ['-c', minionDir, '--directory', directory, '--operator-socket', fleet.socketPath];
      minions = startProcess(program, [...where, '-n', String(count), ...args]);
      const ended = minions.ended.then((reason) => {
        throw new FleetError('COMMAND_FAILED', reason);
      });
      await Promise.race([untilOnline(fleet.socketPath, count, patienceMs(count)), ended]);
      // With events on their way it would never come to rest.
      if (!args.includes('--events')) await bench.untilIdle([bench.master(), minions]);
    },
    untilIdle: fleet.untilIdle,
    loopDelay: fleet.loopDelay,
    async stop() {
      await minions?.stop();
      await fleet.stop();
      process.off('exit', kill);
    },
  };
  return bench;
}

/** For `emulate`: minions without TLS in place of full ones. */
export const CONSTRAINED = ['--constrained'] as const;

/** What was measured of those, under a name that says so; a bar is for full minions. */
export function withoutTls(count: number, { name, unit, values }: Measure): Measure {
  return { name: `${figure(count)} constrained minions without TLS: ${name}`, unit, values };
}

/** Enrolment is the slow part: its keys go to the master's disk one after another. */
function patienceMs(count: number): number {
  return 180_000 + count * 200;
}
