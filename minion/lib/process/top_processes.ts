import { sleep } from '../../../shared/clock.ts';
import type { MinionContext } from '../../context.ts';
import { mapProcesses } from './map_processes.ts';
import { cpuTimes, createTime, memoryInfo, type ProcessSource, processSource, userOf } from './process_info.ts';
import { commandLine, type ProcessStat, readProcessStat, statusText, wholeName } from './process_stat.ts';

/** The processes that used the processors most while it was watched, the hungriest first; 0 means all. */
export async function topProcesses(
  context: MinionContext,
  count: number,
  intervalSeconds: number,
): Promise<Record<string, unknown>[]> {
  const source = await processSource(context.root);
  const before = await readStats(source);
  await sleep(context.clock, intervalSeconds * 1000, context.signal);
  const after = await readStats(source);
  const grown = [...after].flatMap(([key, stat]) => {
    const earlier = before.get(key);
    return earlier === undefined ? [] : [{ stat, ticks: ticksOf(stat) - ticksOf(earlier) }];
  });
  grown.sort((one, other) => other.ticks - one.ticks || other.stat.pid - one.stat.pid);
  return grown.slice(0, count === 0 ? undefined : count).map(({ stat }) => describe(source, stat));
}

/** By id and start, which together are one process. */
async function readStats({ files }: ProcessSource): Promise<ReadonlyMap<string, ProcessStat>> {
  const stats = await mapProcesses(files, (pid) => readProcessStat(files, pid));
  return new Map(stats.map((stat) => [`${stat.pid} ${stat.startTicks}`, stat]));
}

function ticksOf({ userTicks, systemTicks }: ProcessStat): number {
  return userTicks + systemTicks;
}

function describe(source: ProcessSource, stat: ProcessStat): Record<string, unknown> {
  const command = commandLine(source.files, stat.pid);
  return {
    cmd: command.length === 0 ? wholeName(source.files, stat.pid, stat.comm) : command,
    user: userOf(source, stat.pid) ?? null,
    status: statusText(stat),
    pid: stat.pid,
    create_time: createTime(source, stat),
    cpu: cpuTimes(stat),
    mem: memoryInfo(source, stat.pid),
  };
}
