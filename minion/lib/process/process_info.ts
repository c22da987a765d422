import { type Accounts, findUser, readAccounts } from '../accounts.ts';
import { columns, type FileRoot, fileRoot } from '../file_root.ts';
import {
  commandLine,
  type ProcessStat,
  readProcessStat,
  statusText,
  TICKS_PER_SECOND,
  wholeName,
} from './process_stat.ts';
import { bootSeconds, pageBytes } from './system_facts.ts';

/** All that the attributes of a process are read from. */
export interface ProcessSource {
  readonly files: FileRoot;
  readonly accounts: Accounts;
  readonly bootSeconds: number;
  readonly pageBytes: number;
}

type Read = (source: ProcessSource, stat: ProcessStat) => unknown;

export async function processSource(root: string): Promise<ProcessSource> {
  const files = fileRoot(root);
  const [accounts, page] = await Promise.all([readAccounts(root), pageBytes(root)]);
  return { files, accounts, bootSeconds: bootSeconds(files), pageBytes: page };
}

/** By psutil's names. */
export const PROCESS_ATTRIBUTES: Readonly<Record<string, Read>> = {
  pid: (_, { pid }) => pid,
  ppid: (_, { ppid }) => ppid,
  name: ({ files }, { pid, comm }) => wholeName(files, pid, comm),
  exe: ({ files }, { pid }) => linkOf(files, `/proc/${pid}/exe`),
  cmdline: ({ files }, { pid }) => commandLine(files, pid),
  cwd: ({ files }, { pid }) => linkOf(files, `/proc/${pid}/cwd`),
  status: (_, stat) => statusText(stat),
  username: (source, { pid }) => userOf(source, pid),
  uids: (source, { pid }) => owners(source, pid, 'Uid'),
  gids: (source, { pid }) => owners(source, pid, 'Gid'),
  create_time: (source, stat) => createTime(source, stat),
  terminal: (_, { terminal }) => terminalName(terminal),
  nice: (_, { nice }) => nice,
  cpu_num: (_, { processor }) => processor,
  cpu_times: (_, stat) => cpuTimes(stat),
  cpu_affinity: (source, { pid }) => numbersOf(statusField(source, pid, 'Cpus_allowed_list') ?? ''),
  memory_info: (source, { pid }) => memoryInfo(source, pid),
  memory_percent: (source, { pid }) => memoryPercent(source, pid),
  num_threads: (_, { threads }) => threads,
  threads: (source, { pid }) => threadTimes(source, pid),
  num_fds: ({ files }, { pid }) => files.list(`/proc/${pid}/fd`).length,
  num_ctx_switches: (source, { pid }) => ({
    voluntary: Number(statusField(source, pid, 'voluntary_ctxt_switches')),
    involuntary: Number(statusField(source, pid, 'nonvoluntary_ctxt_switches')),
  }),
  io_counters: (source, { pid }) => ioCounters(source, pid),
  environ: ({ files }, { pid }) => environment(files, pid),
  open_files: ({ files }, { pid }) => openFiles(files, pid),
};

/** An environment may have secrets in it, and files take long: only who asks for them gets them. */
const ONLY_BY_NAME = ['environ', 'open_files'];
export const DEFAULT_ATTRIBUTES = Object.keys(PROCESS_ATTRIBUTES).filter((name) => !ONLY_BY_NAME.includes(name));

/** Undefined when there is no such process. */
export async function describeProcess(
  source: ProcessSource,
  pid: number,
  names: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  const stat = readProcessStat(source.files, pid);
  if (stat === undefined) return undefined;
  const values: Record<string, unknown> = {};
  for (const name of names) values[name] = await PROCESS_ATTRIBUTES[name]?.(source, stat);
  return values;
}

/** The real user, by name or else by number; undefined when the process is gone. */
export function userOf(source: ProcessSource, pid: number): string | undefined {
  const uid = owners(source, pid, 'Uid')?.real;
  return uid === undefined ? undefined : (findUser(source.accounts, uid)?.name ?? String(uid));
}

/** Seconds since 1970. */
export function createTime({ bootSeconds: boot }: ProcessSource, { startTicks }: ProcessStat): number {
  return boot + startTicks / TICKS_PER_SECOND;
}

/** In seconds. */
export function cpuTimes(stat: ProcessStat): Record<string, number> {
  return {
    user: stat.userTicks / TICKS_PER_SECOND,
    system: stat.systemTicks / TICKS_PER_SECOND,
    children_user: stat.childrenUserTicks / TICKS_PER_SECOND,
    children_system: stat.childrenSystemTicks / TICKS_PER_SECOND,
    iowait: stat.waitTicks / TICKS_PER_SECOND,
  };
}

/** In bytes. */
export function memoryInfo({ files, pageBytes: page }: ProcessSource, pid: number): Record<string, number> {
  const pages = columns(files.readText(`/proc/${pid}/statm`))[0] ?? [];
  const [vms = 0, rss = 0, shared = 0, text = 0, lib = 0, data = 0, dirty = 0] = pages.map(
    (count) => Number(count) * page,
  );
  return { rss, vms, shared, text, lib, data, dirty };
}

function memoryPercent(source: ProcessSource, pid: number): number {
  const total = Number(/^MemTotal:\s*(\d+)/m.exec(source.files.readText('/proc/meminfo') ?? '')?.[1] ?? 0) * 1024;
  return total === 0 ? 0 : ((memoryInfo(source, pid).rss ?? 0) / total) * 100;
}

function statusField({ files }: ProcessSource, pid: number, field: string): string | undefined {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(files.readText(`/proc/${pid}/status`) ?? '')?.[1];
}

function owners(source: ProcessSource, pid: number, field: 'Uid' | 'Gid') {
  const [real, effective, saved] = statusField(source, pid, field)?.split(/\s+/).map(Number) ?? [];
  return real === undefined ? undefined : { real, effective, saved };
}

/** Ranges and single numbers: `0-3,8`. */
function numbersOf(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first = '', last = first] = range.split('-');
    if (first === '') return [];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
}

const PTS_MAJORS = { first: 136, last: 143 };
const TTY_MAJOR = 4;
const CONSOLES = 64;

/** The device of a number of the kernel (proc(5), tty_nr), None when it is none that people sit at. */
function terminalName(number: number): string | null {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  if (major >= PTS_MAJORS.first && major <= PTS_MAJORS.last)
    return `/dev/pts/${(major - PTS_MAJORS.first) * 256 + minor}`;
  if (major !== TTY_MAJOR) return null;
  return minor < CONSOLES ? `/dev/tty${minor}` : `/dev/ttyS${minor - CONSOLES}`;
}

function threadTimes({ files }: ProcessSource, pid: number) {
  return files.list(`/proc/${pid}/task`).flatMap((id) => {
    const stat = readProcessStat(files, Number(id), `/proc/${pid}/task/${id}`);
    if (stat === undefined) return [];
    const { user, system } = cpuTimes(stat);
    return [{ id: Number(id), user_time: user, system_time: system }];
  });
}

/** None for another user's process, unless root asks. */
function ioCounters({ files }: ProcessSource, pid: number): Record<string, number> | null {
  const text = files.readText(`/proc/${pid}/io`);
  if (text === undefined) return null;
  const counters = Object.fromEntries(
    columns(text).map(([name = '', count]) => [name.replace(':', ''), Number(count)]),
  );
  const { syscr = 0, syscw = 0, read_bytes = 0, write_bytes = 0, rchar = 0, wchar = 0 } = counters;
  return {
    ...{ read_count: syscr, write_count: syscw, read_bytes, write_bytes, read_chars: rchar, write_chars: wchar },
  };
}

function environment(files: FileRoot, pid: number): Record<string, string> | null {
  const text = files.readText(`/proc/${pid}/environ`);
  const entries = text?.split('\0').flatMap((item) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
  return entries === undefined ? null : Object.fromEntries(entries);
}

async function openFiles(files: FileRoot, pid: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const fd of files.list(`/proc/${pid}/fd`)) {
    const path = await linkOf(files, `/proc/${pid}/fd/${fd}`);
    if (path === null || !path.startsWith('/') || path.startsWith('/dev/')) continue;
    const position = /^pos:\s*(\d+)/m.exec(files.readText(`/proc/${pid}/fdinfo/${fd}`) ?? '')?.[1] ?? 0;
    found.push({ path, fd: Number(fd), position: Number(position) });
  }
  return found;
}

/** None for a thread of the kernel, and for another user's process unless root asks. */
async function linkOf(files: FileRoot, path: string): Promise<string | null> {
  return (await files.link(path)) ?? null;
}
