import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import ps from '../../../../minion/modules/ps.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { fakeClock, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const stat = (pid: number, name: string, state: string, ticks: number) =>
  `${pid} (${name}) ${state} 1 0 0 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 1 0 ${pid} 0 0\n`;
const person = (pid: number, name: string, cmdline: string, state = 'S') => ({
  [`proc/${pid}/stat`]: stat(pid, name, state, 10),
  [`proc/${pid}/comm`]: `${name}\n`,
  [`proc/${pid}/cmdline`]: cmdline,
  [`proc/${pid}/status`]: `Name:\t${name}\nUid:\t${pid === 20 ? 33 : 0}\t0\t0\t0\n`,
  [`proc/${pid}/statm`]: '10 5 1 1 0 1 0\n',
});
const times = (user: number, idle: number) =>
  `cpu  ${user} 0 0 ${idle} 0 0 0 0 0 0\ncpu0 ${user} 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 ${idle} 0 0 0 0 0 0\nbtime 1700000000\n`;

const files = {
  'etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n',
  'proc/stat': times(100, 100),
  ...person(1, 'systemd', '/sbin/init\0'),
  ...person(2, 'kthreadd', '', 'I'),
  ...person(20, 'nginx', 'nginx: worker process\0', 'Z'),
  ...person(30, 'nginx', 'nginx: master process\0'),
  'proc/meminfo':
    'MemTotal: 1000 kB\nMemFree: 200 kB\nMemAvailable: 600 kB\nBuffers: 50 kB\nCached: 250 kB\nShmem: 5 kB\nActive: 10 kB\nInactive: 20 kB\nSlab: 30 kB\nSReclaimable: 100 kB\nSwapTotal: 400 kB\nSwapFree: 300 kB\n',
  'proc/vmstat': 'pswpin 2\npswpout 3\n',
  'proc/mounts': '/dev/sda1 / ext4 rw,relatime 0 0\ntmpfs /run tmpfs rw 0 0\n',
  'proc/filesystems': 'nodev\ttmpfs\n\text4\n',
  'proc/net/dev':
    'Inter-|\n face |\n    lo: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\n  eth0: 100 5 1 2 0 0 0 0 200 6 3 4 0 0 0 0\n',
  'proc/diskstats': '8 0 sda 10 1 100 7 20 2 200 8 0 9 15\n8 1 sda1 4 0 40 3 5 0 50 4 0 5 7\n',
  'sys/block/sda/': '',
  'run/': '',
};

/** `meanwhile` happens when somebody waits. */
async function machine(commands: Parameters<typeof fakeExec>[0] = {}, meanwhile = async (_: string) => {}) {
  const root = await fixtureRoot(files);
  const clock: Clock = {
    ...fakeClock(),
    after(_, run) {
      void meanwhile(root).then(run);
      return { stop: () => undefined };
    },
  };
  const grains = { pid: 30, cpuarch: 'x86_64' };
  const context = fakeContext({ root, grains, clock, exec: fakeExec(commands) });
  return {
    root,
    run: (fun: string, args: unknown[] = [], kwargs = {}) => runFunction(context, ps, `ps.${fun}`, args, kwargs),
  };
}

test('processes are found by name, command line, user, pattern and state; never the minion itself', async () => {
  const { run } = await machine();
  expect(await run('get_pid_list')).toEqual([1, 2, 20, 30]);
  expect(await run('pgrep', ['nginx'])).toEqual([20]);
  expect(await run('pgrep', ['init'])).toBeNull();
  expect(await run('pgrep', ['init'], { full: true })).toEqual([1]);
  expect(await run('pgrep', ['^(kth|sys)'], { pattern_is_regex: true })).toEqual([1, 2]);
  expect(await run('pgrep', ['n'], { user: 'www-data' })).toEqual([20]);
  expect(await run('status', ['zombie'])).toEqual([{ pid: 20, name: 'nginx' }]);
  await expect(run('status', ['asleep'])).rejects.toThrow('must be one of running, sleeping');
  await expect(run('pgrep', ['('], { pattern_is_regex: true })).rejects.toThrow('(');
});

test('proc_info tells what is asked for, and says when there is nothing to tell', async () => {
  const { run } = await machine();
  expect(await run('proc_info', [20], { attrs: ['pid', 'username'] })).toEqual({ pid: 20, username: 'www-data' });
  await expect(run('proc_info', [21])).rejects.toThrow('there is no process 21');
  await expect(run('proc_info', [20], { attrs: ['nme'] })).rejects.toThrow('must be some of pid, ppid, name');
});

test('kill_pid and pkill signal those that are meant, and refuse what would be a group', async () => {
  const children = [spawn('sleep', ['60'], { stdio: 'ignore' }), spawn('sleep', ['60'], { stdio: 'ignore' })];
  await Promise.all(children.map((child) => once(child, 'spawn')));
  const [one = 0, two = 0] = children.map(({ pid }) => pid);
  const ends = children.map((child) => once(child, 'exit'));
  const { run, root } = await machine();
  await expect(run('kill_pid', [-one])).rejects.toThrow('must be the id of a process');
  expect(await run('kill_pid', [one], { signal: 9 })).toBe(true);
  expect(await run('pkill', ['dozer'])).toBeNull();
  // Only the other child has this name, and only below this root.
  await mkdir(join(root, `proc/${two}`));
  await writeFile(join(root, `proc/${two}/comm`), 'dozer\n');
  expect(await run('pkill', ['dozer'])).toEqual({ killed: [two] });
  expect(await Promise.all(ends)).toEqual([
    [null, 'SIGKILL'],
    [null, 'SIGTERM'],
  ]);
});

test('top shows who used the processors while it was watched', async () => {
  const { run } = await machine({}, async (root) => {
    await writeFile(join(root, 'proc/20/stat'), stat(20, 'nginx', 'R', 60));
    await writeFile(join(root, 'proc/2/stat'), stat(2, 'kthreadd', 'I', 20));
  });
  const top = (await run('top', [2])) as Record<string, unknown>[];
  expect(top.map(({ pid }) => pid)).toEqual([20, 2]);
  expect(top[0]).toEqual({
    ...{ cmd: ['nginx: worker process'], user: 'www-data', status: 'running', pid: 20, create_time: 1_700_000_000.2 },
    cpu: { user: 0.6, system: 0, children_user: 0, children_system: 0, iowait: 0 },
    mem: { rss: 20_480, vms: 40_960, shared: 4096, text: 4096, lib: 0, data: 4096, dirty: 0 },
  });
  expect(top[1]?.cmd).toBe('kthreadd');
  expect(await run('top', [0])).toHaveLength(4);
});

test('processors are busy for the share of time that they did not idle', async () => {
  const busy = async (root: string) => writeFile(join(root, 'proc/stat'), times(130, 110));
  const together = await machine({}, busy);
  expect(await together.run('cpu_percent')).toBe(75);
  const apart = await machine({}, busy);
  expect(await apart.run('cpu_percent', [], { per_cpu: true })).toEqual([100, 0]);
  expect(await apart.run('cpu_times')).toMatchObject({ user: 1.3, idle: 1.1, guest_nice: 0 });
  expect(await apart.run('cpu_times', [true])).toMatchObject([{ user: 1.3 }, { idle: 1.1 }]);
  expect(await apart.run('num_cpus')).toBe(2);
});

test('memory and swap are counted as psutil does', async () => {
  const { run } = await machine();
  const kib = (count: number) => count * 1024;
  expect(await run('virtual_memory')).toEqual({
    ...{ total: kib(1000), available: kib(600), percent: 40, used: kib(400), free: kib(200) },
    ...{ active: kib(10), inactive: kib(20), buffers: kib(50), cached: kib(350), shared: kib(5), slab: kib(30) },
  });
  expect(await run('swap_memory')).toEqual({
    ...{ total: kib(400), used: kib(100), free: kib(300), percent: 25, sin: 8192, sout: 12_288 },
  });
  expect(await run('total_physical_memory')).toBe(kib(1000));
});

test('partitions are those of disks, with the use of their file systems', async () => {
  const { run } = await machine();
  const disk = { device: '/dev/sda1', mountpoint: '/', fstype: 'ext4', opts: 'rw,relatime' };
  expect(await run('disk_partitions')).toEqual([disk]);
  expect(await run('disk_partitions', [true])).toHaveLength(2);
  const usage = (await run('disk_usage', ['/run'])) as Record<string, number>;
  expect(usage.total).toBeGreaterThanOrEqual((usage.used ?? 0) + (usage.free ?? 0));
  expect(await run('disk_partition_usage')).toMatchObject([{ ...disk, total: usage.total }]);
  await expect(run('disk_usage', ['/none'])).rejects.toThrow('the size of /none cannot be told');
});

test('counters are those of one device, or of all; a partition is not counted twice', async () => {
  const { run } = await machine();
  expect(await run('network_io_counters', ['eth0'])).toEqual({
    ...{ bytes_sent: 200, bytes_recv: 100, packets_sent: 6, packets_recv: 5 },
    ...{ errin: 1, errout: 3, dropin: 2, dropout: 4 },
  });
  expect(await run('network_io_counters')).toMatchObject({ bytes_sent: 220, errin: 1 });
  expect(await run('network_io_counters', ['eth9'])).toBe(false);
  const sda = {
    ...{ read_count: 10, write_count: 20, read_bytes: 51_200, write_bytes: 102_400, read_time: 7, write_time: 8 },
    ...{ read_merged_count: 1, write_merged_count: 2, busy_time: 9 },
  };
  expect(await run('disk_io_counters')).toEqual(sda);
  expect(await run('disk_io_counters', ['sda1'])).toMatchObject({ read_count: 4, write_bytes: 25_600 });
});

test('the boot is told in seconds, or as it is wished', async () => {
  const { run } = await machine();
  expect(await run('boot_time')).toBe(1_700_000_000);
  expect(await run('boot_time', ['%s %%'])).toBe('1700000000 %');
});

test('who is logged in stands in utmp, and a system may have none', async () => {
  const { run, root } = await machine();
  expect(await run('get_users')).toEqual([]);
  const record = Buffer.alloc(384);
  record.writeInt16LE(7, 0);
  record.writeInt32LE(812, 4);
  record.write('pts/0', 8);
  record.write('jo', 44);
  record.write('10.0.0.9', 76);
  record.writeUInt32LE(1_700_000_100, 340);
  const dead = Buffer.from(record);
  dead.writeInt16LE(8, 0);
  await writeFile(join(root, 'run/utmp'), Buffer.concat([dead, record]));
  const jo = { name: 'jo', terminal: 'pts/0', host: '10.0.0.9', started: 1_700_000_100, pid: 812 };
  expect(await run('get_users')).toEqual([jo]);
});

test('what other programs tell is filtered', async () => {
  const { run } = await machine({
    'lsof -c nginx': { retcode: 1, stdout: 'COMMAND PID\nnginx 20\n' },
    'netstat -nap': 'tcp 0 0 0.0.0.0:80 LISTEN 20/nginx\ntcp 0 0 0.0.0.0:22 LISTEN 9/sshd\n',
    'ss -neap': 'tcp LISTEN users:(("sshd",pid=9))\n',
    'ps aux': 'root 9 sshd\nroot 10 salt m1 ps.psaux sshd\nroot 20 nginx\n',
  });
  expect(await run('lsof', ['nginx'])).toEqual(['nginx', 'COMMAND PID\nnginx 20']);
  expect(await run('netstat', ['nginx'])).toEqual(['nginx', ['tcp 0 0 0.0.0.0:80 LISTEN 20/nginx']]);
  expect(await run('ss', ['nginx'])).toEqual(['nginx', []]);
  expect(await run('psaux', ['s+hd'])).toEqual(['s+hd', ['root 9 sshd'], '1 occurrence(s).']);
});
