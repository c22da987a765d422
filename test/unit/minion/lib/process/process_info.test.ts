import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileRoot } from '../../../../../minion/lib/file_root.ts';
import {
  DEFAULT_ATTRIBUTES,
  describeProcess,
  PROCESS_ATTRIBUTES,
  processSource,
} from '../../../../../minion/lib/process/process_info.ts';
import { processName, readProcessStat, statusText } from '../../../../../minion/lib/process/process_stat.ts';
import { sendSignal } from '../../../../../minion/lib/process/send_signal.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';

const stat =
  '77 (a (b) c) S 1 77 77 34817 -1 4194304 1 2 3 4 150 50 7 8 20 -5 3 0 12345 1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 2 0 0 25 0 0';
const status = [
  'Name:\ta (b) c',
  'Uid:\t33\t0\t33\t33',
  'Gid:\t33\t33\t33\t33',
  'Cpus_allowed_list:\t0-2,5',
  'voluntary_ctxt_switches:\t9',
  'nonvoluntary_ctxt_switches:\t4',
].join('\n');
const eight = (byte: string) => byte.padEnd(8, '\0');

function machine() {
  return fixtureRoot({
    'etc/passwd': 'www-data:x:33:33::/var/www:/usr/sbin/nologin\n',
    'proc/stat': 'cpu  1 2 3\nbtime 1000\n',
    'proc/meminfo': 'MemTotal:       1024 kB\n',
    // 16, then 6 with a page size of 0x4000.
    'proc/self/auxv': `${eight('\x10')}${eight('\x01')}${eight('\x06')}${eight('\0\x40')}`,
    'proc/77/stat': stat,
    'proc/77/comm': 'a (b) c\n',
    'proc/77/cmdline': '/opt/a\0--port\x005\0',
    'proc/77/status': status,
    'proc/77/statm': '100 8 4 2 0 6 0\n',
    'proc/77/io':
      'rchar: 10\nwchar: 20\nsyscr: 1\nsyscw: 2\nread_bytes: 512\nwrite_bytes: 1024\ncancelled_write_bytes: 0\n',
    'proc/77/environ': 'HOME=/var/www\0EMPTY=\0BROKEN\0A=b=c\0',
    'proc/77/task/77/stat': stat,
    'proc/77/fd/': '',
    'proc/77/fdinfo/3': 'pos:\t42\nflags:\t02\n',
    'proc/78/stat': '78 (kworker/0:1) I 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n',
    'proc/79/comm': 'a_name_that_was\n',
    'proc/79/cmdline': '/usr/bin/a_name_that_was_cut\0',
  });
}

test('a process is described by the names and in the units of psutil', async () => {
  const root = await machine();
  await symlink('/var/log/a.log', join(root, 'proc/77/fd/3'));
  await symlink('socket:[1]', join(root, 'proc/77/fd/4'));
  const names = Object.keys(PROCESS_ATTRIBUTES);
  expect(await describeProcess(await processSource(root), 77, names)).toEqual({
    ...{ pid: 77, ppid: 1, name: 'a (b) c', exe: null, cmdline: ['/opt/a', '--port', '5'], cwd: null },
    ...{ status: 'sleeping', username: 'www-data', uids: { real: 33, effective: 0, saved: 33 } },
    ...{ gids: { real: 33, effective: 33, saved: 33 }, create_time: 1123.45, terminal: '/dev/pts/1', nice: -5 },
    ...{ cpu_num: 2, cpu_affinity: [0, 1, 2, 5] },
    cpu_times: { user: 1.5, system: 0.5, children_user: 0.07, children_system: 0.08, iowait: 0.25 },
    memory_info: { rss: 131_072, vms: 1_638_400, shared: 65_536, text: 32_768, lib: 0, data: 98_304, dirty: 0 },
    ...{ memory_percent: 12.5, num_threads: 3, threads: [{ id: 77, user_time: 1.5, system_time: 0.5 }], num_fds: 2 },
    num_ctx_switches: { voluntary: 9, involuntary: 4 },
    io_counters: { read_count: 1, write_count: 2, read_bytes: 512, write_bytes: 1024, read_chars: 10, write_chars: 20 },
    environ: { HOME: '/var/www', EMPTY: '', A: 'b=c' },
    open_files: [{ path: '/var/log/a.log', fd: 3, position: 42 }],
  });
  expect(DEFAULT_ATTRIBUTES).not.toContain('environ');
});

test('a thread of the kernel is idle and has neither a command line nor a terminal', async () => {
  const root = await machine();
  const kernel = readProcessStat(fileRoot(root), 78);
  expect(kernel && statusText(kernel)).toBe('idle');
  const info = await describeProcess(await processSource(root), 78, ['name', 'cmdline', 'terminal', 'io_counters']);
  expect(info).toEqual({ name: 'kworker/0:1', cmdline: [], terminal: null, io_counters: null });
});

test('a name that the kernel cut is whole again', async () => {
  const files = fileRoot(await machine());
  expect(processName(files, 79)).toBe('a_name_that_was_cut');
  expect(processName(files, 80)).toBeUndefined();
});

test('this process is found in /proc of this machine', async () => {
  const info = await describeProcess(await processSource('/'), process.pid, DEFAULT_ATTRIBUTES);
  expect(info).toMatchObject({ pid: process.pid, ppid: process.ppid, cwd: process.cwd(), status: 'running' });
  const started = Date.now() / 1000 - process.uptime();
  expect(Math.abs(Number(info?.create_time) - started)).toBeLessThan(5);
  const { rss } = process.memoryUsage();
  const memory = info?.memory_info as { rss: number } | undefined;
  expect(Number(memory?.rss) / rss).toBeCloseTo(1, 0);
});

test('a signal reaches a process once, and then there is none', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid as number;
  expect(sendSignal(pid, 15)).toBe(true);
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  expect(sendSignal(pid, 15)).toBe(false);
});
