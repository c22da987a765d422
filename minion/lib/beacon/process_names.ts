import type { FileRoot } from '../file_root.ts';
import { mapProcesses } from '../process/map_processes.ts';
import { processName } from '../process/process_stat.ts';

/** The names of all processes that run, as psutil gives them. */
export async function readProcessNames(files: FileRoot): Promise<ReadonlySet<string>> {
  return new Set(await mapProcesses(files, (pid) => processName(files, pid)));
}
