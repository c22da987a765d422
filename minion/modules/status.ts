import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { Flag, Text } from '../../shared/plugin/args.ts';
import { isDict } from '../../shared/python_text.ts';
import { formatTime } from '../../shared/render/salt/format_time.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { columns, fileRoot } from '../lib/file_root.ts';
import { filesystemSize, type Mount, mountOf, readMounts } from '../lib/mounts.ts';
import * as proc from '../lib/proc_stats.ts';
import { readProcesses } from '../lib/processes.ts';

const noArgs = { args: {}, reads: true } as const;

export default defineModule({
  summary: 'See how the machine is: load, memory, processes, disks, network counters.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/proc/stat') ? undefined : 'there is no /proc on this system',
  functions: {
    uptime: fn({
      ...noArgs,
      summary: 'Return how long the machine has been up.',
      returns: 'seconds, days, time, since_t and since_iso of the start (UTC), and the number of users.',
      examples: ["salt '*' status.uptime"],
      run: (context) => uptime(context),
    }),
    custom: fn({
      ...noArgs,
      summary: "Return what the minion's configuration chooses of other functions.",
      description: `
An option such as \`status.meminfo.custom: [MemTotal, MemFree]\` names a function of this module and which of its values are
wanted.`,
      returns: 'a mapping of those values; UNKNOWN for what the function does not return.',
      examples: ["salt '*' status.custom"],
      run: (context) => chosenValues(context),
    }),
    time: fn({
      summary: 'Return the local time of the minion.',
      args: { format: v.optional(Text, '%A, %d. %B %Y %I:%M%p') },
      examples: ["salt '*' status.time", "salt '*' status.time '%s'"],
      reads: true,
      run: ({ clock }, { format }) => formatTime(new Date(clock.nowMs()), format),
    }),
    loadavg: fn({
      ...noArgs,
      summary: 'Return the load averages.',
      examples: ["salt '*' status.loadavg"],
      run: (context) => proc.loadAverage(read(context, 'loadavg')),
    }),
    cpustats: fn({
      ...noArgs,
      summary: 'Return what the processors spent their time on.',
      examples: ["salt '*' status.cpustats"],
      run: (context) => proc.cpuStats(read(context, 'stat')),
    }),
    meminfo: fn({
      ...noArgs,
      summary: 'Return the use of memory.',
      examples: ["salt '*' status.meminfo"],
      run: (context) => proc.memoryInfo(read(context, 'meminfo')),
    }),
    cpuinfo: fn({
      ...noArgs,
      summary: 'Return what is known of the last processor.',
      examples: ["salt '*' status.cpuinfo"],
      run: (context) => proc.cpuInfo(read(context, 'cpuinfo')),
    }),
    diskstats: fn({
      ...noArgs,
      summary: 'Return the counters of the block devices.',
      examples: ["salt '*' status.diskstats"],
      run: (context) => proc.diskStats(read(context, 'diskstats')),
    }),
    diskusage: fn({
      summary: 'Return the available and total bytes of file systems, by path or by type.',
      args: {},
      varargs: true,
      examples: ["salt '*' status.diskusage", "salt '*' status.diskusage / /tmp", "salt '*' status.diskusage ext?"],
      reads: true,
      run: (context, _args, { args }) => diskUsage(context, args.map(String)),
    }),
    vmstats: fn({
      ...noArgs,
      summary: 'Return the counters of virtual memory.',
      examples: ["salt '*' status.vmstats"],
      run: (context) => proc.virtualMemoryStats(read(context, 'vmstat')),
    }),
    nproc: fn({
      ...noArgs,
      summary: 'Return the number of processors that the minion may use.',
      examples: ["salt '*' status.nproc"],
      run: (context) => proc.allowedProcessors(read(context, 'self/status')),
    }),
    netstats: fn({
      ...noArgs,
      summary: 'Return the counters of the network protocols.',
      examples: ["salt '*' status.netstats"],
      run: (context) => proc.protocolStats(read(context, 'net/netstat')),
    }),
    netdev: fn({
      ...noArgs,
      summary: 'Return the counters of the network interfaces.',
      examples: ["salt '*' status.netdev"],
      run: (context) => proc.interfaceStats(read(context, 'net/dev')),
    }),
    procs: fn({
      ...noArgs,
      summary: 'Return the processes: by process id the user and the command.',
      examples: ["salt '*' status.procs"],
      async run(context) {
        const processes = await readProcesses(context.root);
        return Object.fromEntries(processes.map(({ pid, user, command }) => [pid, { user, cmd: command }]));
      },
    }),
    pid: fn({
      summary: 'Return the ids of the processes whose command has a text in it, one in a line.',
      args: { sig: Text },
      returns: 'an empty text when there is none.',
      examples: ["salt '*' status.pid sshd"],
      reads: true,
      async run(context, { sig }) {
        const processes = await readProcesses(context.root);
        const found = processes.filter(({ command }) => command.includes(sig) && !command.includes('status.pid'));
        return found.map(({ pid }) => pid).join('\n');
      },
    }),
    version: fn({
      ...noArgs,
      summary: 'Return the version of the kernel and of what it was built with.',
      examples: ["salt '*' status.version"],
      run: (context) => read(context, 'version')?.trim() ?? '',
    }),
    w: fn({
      ...noArgs,
      summary: 'Return who is logged in and does what.',
      examples: ["salt '*' status.w"],
      run: (context) => loggedIn(context),
    }),
    ping_master: fn({
      summary: 'Return whether the master answers.',
      args: { master: Text },
      description: 'A minion has one master: the name is taken, and it is that one which is asked.',
      examples: ["salt '*' status.ping_master localhost"],
      reads: true,
      run: (context) => masterAnswers(context),
    }),
    master: fn({
      summary: 'Return whether there is a connection to the master, over which it answers.',
      args: { master: v.optional(Text), connected: v.optional(Flag, true) },
      description: 'A minion has one master and says by events when it comes and goes: the arguments have no effect.',
      examples: ["salt '*' status.master"],
      reads: true,
      run: (context) => masterAnswers(context),
    }),
    all_status: fn({
      ...noArgs,
      summary: 'Return all of it at once. Beware: there is a lot.',
      examples: ["salt '*' status.all_status"],
      run: (context) => allStatus(context),
    }),
  },
});

async function chosenValues(context: MinionContext): Promise<Readonly<Record<string, unknown>>> {
  const options = (await context.call('config.dot_vals', ['status'])) as Readonly<Record<string, unknown>>;
  const chosen: Record<string, unknown> = {};
  for (const [option, names] of Object.entries(options)) {
    const fun = option.slice(0, option.lastIndexOf('.'));
    if (fun === 'status.custom' || !Array.isArray(names)) continue;
    try {
      const values = await context.call(fun);
      for (const name of names.map(String)) {
        chosen[name] = isDict(values) && Object.hasOwn(values, name) ? values[name] : 'UNKNOWN';
      }
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== 'FUNCTION_UNKNOWN') throw error;
      context.log.warning('an option names a function that there is not', { option });
    }
  }
  return chosen;
}

/** How long the master may take to answer. */
const ANSWER_SECONDS = 5;

async function masterAnswers({ master, clock }: MinionContext): Promise<boolean> {
  try {
    await master.ask('hello', { time: Math.floor(clock.nowMs() / 1000) }, ANSWER_SECONDS);
    return true;
  } catch (error) {
    if (error instanceof FleetError && ['MASTER_UNREACHABLE', 'TIMED_OUT'].includes(error.code)) return false;
    throw error;
  }
}

function read(context: MinionContext, file: string): string | undefined {
  return fileRoot(context.root).readText(`/proc/${file}`);
}

async function uptime(context: MinionContext): Promise<Record<string, unknown>> {
  const seconds = Math.floor(Number(columns(read(context, 'uptime'))[0]?.[0] ?? 0));
  const since = Math.floor(context.clock.nowMs() / 1000) - seconds;
  const users = await userCount(context);
  return {
    seconds,
    since_iso: new Date(since * 1000).toISOString().slice(0, 19),
    since_t: since,
    days: Math.floor(seconds / 86400),
    time: `${Math.floor((seconds % 86400) / 3600)}:${Math.floor((seconds % 3600) / 60)}`,
    ...(users !== undefined && { users }),
  };
}

async function userCount(context: MinionContext): Promise<number | undefined> {
  const who = findProgram(context, 'who');
  if (who === undefined) return undefined;
  return columns((await context.exec([who, '-s'])).stdout).length;
}

async function loggedIn(context: MinionContext): Promise<Record<string, string>[]> {
  const { stdout } = await context.exec(['w', '-h']);
  return columns(stdout).map(([user = '', tty = '', login = '', idle = '', jcpu = '', pcpu = '', ...what]) => {
    return { idle, jcpu, login, pcpu, tty, user, what: what.join(' ') };
  });
}

function findProgram({ root }: MinionContext, name: string): string | undefined {
  return [`/usr/bin/${name}`, `/bin/${name}`].find((path) => fileRoot(root).exists(path));
}

async function diskUsage(context: MinionContext, wanted: readonly string[]): Promise<Record<string, unknown>> {
  const mounts = readMounts(fileRoot(context.root));
  const chosen = new Map<string, Mount>();
  for (const mount of mounts.filter(typeMatcher(wanted))) chosen.set(mount.path, mount);
  for (const path of wanted.filter((item) => item.startsWith('/'))) {
    const mount = mountOf(mounts, path);
    if (mount !== undefined) chosen.set(path, { ...mount, path });
  }
  const usage: Record<string, unknown> = {};
  for (const [path, mount] of chosen) {
    const size = await filesystemSize(context, mount);
    if (size === undefined) continue;
    usage[path] = { available: size.blocksAvailable * size.blockBytes, total: size.blocks * size.blockBytes };
  }
  return usage;
}

/** What is not a path is a glob of types; nothing at all means every type. */
function typeMatcher(wanted: readonly string[]): (mount: Mount) => boolean {
  const globs = wanted.length === 0 ? ['*'] : wanted.filter((item) => !item.startsWith('/'));
  const matchers = globs.map(globMatcher);
  return ({ fstype }) => matchers.some((matches) => matches(fstype));
}

async function allStatus(context: MinionContext): Promise<Record<string, unknown>> {
  const hasW = findProgram(context, 'w') !== undefined;
  return {
    cpuinfo: proc.cpuInfo(read(context, 'cpuinfo')),
    cpustats: proc.cpuStats(read(context, 'stat')),
    diskstats: proc.diskStats(read(context, 'diskstats')),
    diskusage: await diskUsage(context, []),
    loadavg: proc.loadAverage(read(context, 'loadavg')),
    meminfo: proc.memoryInfo(read(context, 'meminfo')),
    netdev: proc.interfaceStats(read(context, 'net/dev')),
    netstats: proc.protocolStats(read(context, 'net/netstat')),
    uptime: await uptime(context),
    vmstats: proc.virtualMemoryStats(read(context, 'vmstat')),
    w: hasW ? await loggedIn(context) : [],
  };
}
