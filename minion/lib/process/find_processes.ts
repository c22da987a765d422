import { compileRegex } from '../../../shared/target/regex.ts';
import type { MinionContext } from '../../context.ts';
import { mapProcesses } from './map_processes.ts';
import { processSource, userOf } from './process_info.ts';
import { commandLine, processName } from './process_stat.ts';

export interface ProcessQuery {
  readonly pattern: string;
  readonly user?: string | undefined;
  /** Looks at the whole command line instead of the name. */
  readonly full: boolean;
  readonly isRegex: boolean;
}

/** The ids of the processes that are meant. Never this one: its command line may be what asks. */
export async function findProcesses(context: MinionContext, query: ProcessQuery): Promise<number[]> {
  const source = await processSource(context.root);
  const regex = query.isRegex ? compileRegex(query.pattern, { code: 'ARGS_INVALID' }) : undefined;
  const { pid: own } = context.grains.all();
  return mapProcesses(source.files, (pid) => {
    if (pid === own) return undefined;
    const text = query.full ? commandLine(source.files, pid).join(' ') : processName(source.files, pid);
    const isMeant = text !== undefined && (regex === undefined ? text.includes(query.pattern) : regex.test(text));
    return isMeant && (query.user === undefined || userOf(source, pid) === query.user) ? pid : undefined;
  });
}
