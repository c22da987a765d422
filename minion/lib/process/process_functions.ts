import * as v from 'valibot';
import { Count, Flag, Integer, Real, Text, TextList } from '../../../shared/plugin/args.ts';
import { fn } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { fileRoot } from '../file_root.ts';
import { findProcesses } from './find_processes.ts';
import { mapProcesses, processIds } from './map_processes.ts';
import { DEFAULT_ATTRIBUTES, describeProcess, PROCESS_ATTRIBUTES, processSource } from './process_info.ts';
import { processName, readProcessStat, STATUSES, statusText } from './process_stat.ts';
import { sendSignal } from './send_signal.ts';
import { topProcesses } from './top_processes.ts';

/** Zero and less would mean whole groups of processes. */
const Pid = v.pipe(Integer, v.minValue(1, 'must be the id of a process'));
const Signal = v.pipe(Integer, v.minValue(1, 'must be 1 to 64'), v.maxValue(64, 'must be 1 to 64'));
const Attributes = v.pipe(
  TextList,
  v.check(
    (names) => names.every((name) => Object.hasOwn(PROCESS_ATTRIBUTES, name)),
    `must be some of ${Object.keys(PROCESS_ATTRIBUTES).join(', ')}`,
  ),
);
/** An empty pattern would be every process there is. */
const Pattern = v.pipe(Text, v.minLength(1, 'must not be empty'));
const Seconds = v.pipe(Real, v.minValue(0, 'must not be negative'), v.maxValue(3600, 'must be at most 3600'));
const Status = v.pipe(
  Text,
  v.transform((status) => status.toLowerCase().replaceAll('_', '-')),
  v.check((status) => STATUSES.includes(status), `must be one of ${STATUSES.join(', ')}`),
);

export const processFunctions = {
  top: fn({
    summary: 'Return the processes that use the processors most, watched for some seconds.',
    args: { num_processes: v.optional(Count, 5), interval: v.optional(Seconds, 3) },
    examples: ["salt '*' ps.top", "salt '*' ps.top 5 10"],
    reads: true,
    run: (context, { num_processes, interval }) => topProcesses(context, num_processes, interval),
  }),
  get_pid_list: fn({
    summary: 'Return the ids of all processes.',
    args: {},
    examples: ["salt '*' ps.get_pid_list"],
    reads: true,
    run: ({ root }) => processIds(fileRoot(root)),
  }),
  proc_info: fn({
    summary: 'Return what is known of a process.',
    args: { pid: Pid, attrs: v.optional(Attributes) },
    description: `attrs chooses among ${Object.keys(PROCESS_ATTRIBUTES).join(', ')}; the environment and open files come only\nwhen they are named.`,
    examples: ["salt '*' ps.proc_info 2322", `salt '*' ps.proc_info 2322 attrs='["pid", "name"]'`],
    reads: true,
    async run({ root }, { pid, attrs = DEFAULT_ATTRIBUTES }) {
      const info = await describeProcess(await processSource(root), pid, attrs);
      if (info === undefined) throw commandFailed(`there is no process ${pid}`);
      return info;
    },
  }),
  kill_pid: fn({
    summary: 'Send a signal to a process, SIGTERM unless told.',
    args: { pid: Pid, signal: v.optional(Signal, 15) },
    returns: '``False`` when there is no such process.',
    examples: ["salt '*' ps.kill_pid 2000", "salt '*' ps.kill_pid 2000 signal=9"],
    run: (_, { pid, signal }) => sendSignal(pid, signal),
  }),
  pkill: fn({
    summary: 'Send a signal to all processes with a text in their name.',
    args: {
      ...{ pattern: Pattern, user: v.optional(Text), signal: v.optional(Signal, 15), full: v.optional(Flag, false) },
    },
    description: 'With full=True the text is looked for in the command line. The minion itself is left out.',
    returns: 'their ids under `killed`, ``None`` when there is none.',
    examples: ["salt '*' ps.pkill httpd signal=1", "salt '*' ps.pkill bash signal=9 user=tom"],
    async run(context, { signal, ...query }) {
      const found = await findProcesses(context, { ...query, isRegex: false });
      const killed = found.filter((pid) => sendSignal(pid, signal));
      return killed.length === 0 ? null : { killed };
    },
  }),
  pgrep: fn({
    summary: 'Return the ids of the processes with a text, or a match of a regular expression, in their name.',
    args: {
      ...{ pattern: Pattern, user: v.optional(Text), full: v.optional(Flag, false) },
      pattern_is_regex: v.optional(Flag, false),
    },
    description: 'With full=True it is looked for in the command line. The minion itself is left out.',
    returns: '``None`` when there is none.',
    examples: ["salt '*' ps.pgrep httpd", "salt '*' ps.pgrep 'ht+pd' pattern_is_regex=True"],
    reads: true,
    async run(context, { pattern_is_regex: isRegex, ...query }) {
      const found = await findProcesses(context, { ...query, isRegex });
      return found.length === 0 ? null : found;
    },
  }),
  status: fn({
    summary: 'Return the processes that are in a state.',
    args: { status: Status },
    description: `The states are ${STATUSES.join(', ')}.`,
    returns: 'a list of mappings of pid and name.',
    examples: ["salt '*' ps.status zombie", "salt '*' ps.status disk_sleep"],
    reads: true,
    run({ root }, { status }) {
      const files = fileRoot(root);
      return mapProcesses(files, (pid) => {
        const stat = readProcessStat(files, pid);
        if (stat === undefined || statusText(stat) !== status) return undefined;
        return { pid, name: processName(files, pid) ?? stat.comm };
      });
    },
  }),
};
