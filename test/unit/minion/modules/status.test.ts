import { statfs } from 'node:fs/promises';
import { expect, test } from 'vitest';
import status from '../../../../minion/modules/status.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const files = {
  'proc/uptime': '93784.56 180000.00\n',
  'proc/loadavg': '0.50 0.25 0.10 1/234 5678\n',
  'proc/version': 'Linux version 6.1.0-25-amd64 (gcc-12)\n',
  'proc/stat':
    'cpu  10 20 30 40 50 60 70 80 0 0\ncpu0 10 20 30 40 50 60 70 80 0 0\nintr 100 1 2 3\nctxt 555\nbtime 1700000000\nsoftirq 9 4 5\n',
  'proc/meminfo': 'MemTotal:       24684084 kB\nHugePages_Total:       0\n',
  'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Some: Model\nflags\t\t: fpu vme\n\nprocessor\t: 1\n',
  'proc/diskstats': ' 254       0 vda 10 20 30 40 50 60 70 80 0 90 100 0 0 0 0\n',
  'proc/vmstat': 'nr_free_pages 12345\npgfault 6\n',
  'proc/net/netstat': 'TcpExt: SyncookiesSent Drops\nTcpExt: 1 2\nIpExt: InOctets\nIpExt: 3\n',
  'proc/net/dev':
    'Inter-|   Receive                |  Transmit\n face |bytes packets|bytes\n  eth0:9999 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n    lo: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n',
  'proc/self/status': 'Name:\tnode\nCpus_allowed:\t0,0000000d\n',
  'proc/mounts': '/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n',
  'tmp/': '',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'proc/1/status': 'Name:\tinit\nUid:\t0\t0\t0\t0\n',
  'proc/1/cmdline': '/sbin/init\0splash\0',
  'proc/2/status': 'Name:\tkthreadd\nUid:\t0\t0\t0\t0\n',
  'proc/2/cmdline': '',
  'proc/100/status': 'Name:\tsshd\nUid:\t1000\t1000\t1000\t1000\n',
  'proc/100/cmdline': 'sshd: amy\0\0\0',
  'usr/bin/who': '',
  'usr/bin/w': '',
};

async function machine() {
  const exec = fakeExec({
    '/usr/bin/who -s': 'amy pts/0 2026-01-01 10:00\nbob pts/1 2026-01-01 11:00\n',
    'w -h': 'amy      pts/0    192.0.2.9        10:00    1.00s  0.05s  0.01s vim notes\n',
  });
  const context = fakeContext({ root: await fixtureRoot(files), exec });
  return {
    context,
    call: (fun: string, args: unknown[] = []) => runFunction(context, status, `status.${fun}`, args),
  };
}

test.each([
  ['uptime', { seconds: 93784, since_iso: '2025-12-30T21:56:56', since_t: 1767131816, days: 1, time: '2:3', users: 2 }],
  ['loadavg', { '1-min': 0.5, '5-min': 0.25, '15-min': 0.1 }],
  ['version', 'Linux version 6.1.0-25-amd64 (gcc-12)'],
  ['nproc', 3],
  [
    'cpustats',
    {
      cpu: { idle: 40, iowait: 50, irq: 60, nice: 20, softirq: 70, steal: 80, system: 30, user: 10 },
      cpu0: 10,
      intr: { total: 100, irqs: [1, 2, 3] },
      ctxt: 555,
      btime: 1700000000,
      softirq: { total: 9, softirqs: [4, 5] },
    },
  ],
  ['meminfo', { MemTotal: { value: '24684084', unit: 'kB' }, HugePages_Total: { value: '0' } }],
  ['cpuinfo', { processor: '1', 'model name': 'Some: Model', flags: ['fpu', 'vme'] }],
  ['vmstats', { nr_free_pages: 12345, pgfault: 6 }],
  ['netstats', { TcpExt: { SyncookiesSent: 1, Drops: 2 }, IpExt: { InOctets: 3 } }],
  [
    'procs',
    {
      1: { user: 'root', cmd: '/sbin/init splash' },
      2: { user: 'root', cmd: '[kthreadd]' },
      100: { user: '1000', cmd: 'sshd: amy' },
    },
  ],
])('%s', async (fun, expected) => {
  expect(await (await machine()).call(fun)).toEqual(expected);
});

test('the counters of disks and interfaces have their names', async () => {
  const { call } = await machine();
  expect(await call('diskstats')).toEqual({
    vda: {
      major: 254,
      minor: 0,
      device: 'vda',
      reads_issued: 10,
      reads_merged: 20,
      sectors_read: 30,
      ms_spent_reading: 40,
      writes_completed: 50,
      writes_merged: 60,
      sectors_written: 70,
      ms_spent_writing: 80,
      io_in_progress: 0,
      ms_spent_in_io: 90,
      weighted_ms_spent_in_io: 100,
    },
  });
  expect(await call('netdev')).toMatchObject({
    eth0: { iface: 'eth0', rx_bytes: 9999, rx_packets: 2, rx_multicast: 8, tx_bytes: 9, tx_compressed: 16 },
    lo: { iface: 'lo', rx_bytes: 1 },
  });
});

test('disk usage is chosen by path or by type', async () => {
  const { call, context } = await machine();
  const { bsize, blocks } = await statfs(context.root);
  const usage = { total: blocks * bsize, available: expect.any(Number) };
  expect(await call('diskusage')).toEqual({ '/': usage, '/tmp': usage });
  expect(await call('diskusage', ['ext?'])).toEqual({ '/': usage });
  expect(await call('diskusage', ['/tmp'])).toEqual({ '/tmp': usage });
  expect(await call('diskusage', ['/etc', 'tmpfs'])).toEqual({ '/tmp': usage, '/etc': usage });
});

test('pid finds processes by their command', async () => {
  const { call } = await machine();
  expect(await call('pid', ['s'])).toBe('1\n100');
  expect(await call('pid', ['nginx'])).toBe('');
});

test('w says who does what', async () => {
  const { call } = await machine();
  expect(await call('w')).toEqual([
    {
      user: 'amy',
      tty: 'pts/0',
      login: '192.0.2.9',
      idle: '10:00',
      jcpu: '1.00s',
      pcpu: '0.05s',
      what: '0.01s vim notes',
    },
  ]);
});

test('all_status is all of it', async () => {
  const { call } = await machine();
  expect(Object.keys((await call('all_status')) as object)).toEqual([
    ...['cpuinfo', 'cpustats', 'diskstats', 'diskusage', 'loadavg', 'meminfo', 'netdev', 'netstats', 'uptime'],
    ...['vmstats', 'w'],
  ]);
});

test('a machine without who has no number of users', async () => {
  const root = await fixtureRoot({ 'proc/stat': '', 'proc/uptime': '60.0 1.0\n' });
  const answer = await runFunction(fakeContext({ root }), status, 'status.uptime');
  expect(answer).toMatchObject({ seconds: 60, days: 0, time: '0:1' });
  expect(answer).not.toHaveProperty('users');
});

test('a file that the kernel does not have gives an empty mapping', async () => {
  const context = fakeContext({ root: await fixtureRoot({ 'proc/stat': '' }) });
  for (const fun of ['loadavg', 'meminfo', 'netstats', 'diskstats', 'cpustats']) {
    expect(await runFunction(context, status, `status.${fun}`), fun).toEqual({});
  }
});

test('the master answers, or there is none', async () => {
  const asked: unknown[] = [];
  const master = { ask: async (verb: string) => asked.push(verb) };
  expect(await runFunction(fakeContext({ master }), status, 'status.ping_master', ['salt'])).toBe(true);
  expect(asked).toEqual(['hello']);
  expect(await runFunction(fakeContext(), status, 'status.master')).toBe(false);
});

test('custom gives what the configuration chooses, and says what there is not', async () => {
  const options: Readonly<Record<string, unknown>> = {
    'status.loadavg.custom': ['1-min', 'x-min'],
    'status.nothing.custom': ['a'],
    'status.custom.custom': ['b'],
    'status.note': 'no list',
  };
  const context = fakeContext({
    root: await fixtureRoot(files),
    functions: { 'config.dot_vals': ([word]) => (word === 'status' ? options : {}) },
    modules: { status },
  });
  expect(await runFunction(context, status, 'status.custom')).toEqual({ '1-min': 0.5, 'x-min': 'UNKNOWN' });
  expect(context.logged).toMatchObject([{ level: 'warning', fields: { option: 'status.nothing.custom' } }]);
});
