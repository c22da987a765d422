import { expect, test } from 'vitest';
import disk from '../../../../../minion/modules/disk.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { runFunction } from '../../../../support/run_function.ts';

const ALL = `
/dev/sda:
 multcount     = 16 (on)
 look-ahead    =  1 (on)
 APM_level	= off
 IO_support    =  1 (32-bit)
 readonly      =  0 (off)
 readahead     = 256 (on)
 geometry      = 60801/255/63, sectors = 976773168, start = 0
 drive state is:  active/idle
 max sectors   = 976773168/976773168, HPA is disabled
 acoustic      = not supported
 write-caching =
`;

function machine(commands: Record<string, FakeCommand>) {
  const context = fakeContext({ exec: fakeExec(commands) });
  return { context, call: (fun: string, ...args: unknown[]) => runFunction(context, disk, `disk.${fun}`, args) };
}

test('parameters are numbers, words, lists and mappings, as Salt reads them', async () => {
  const { call } = machine({ 'hdparm -aAbBcCdgHiJkMmNnQrRuW /dev/sda': ALL });
  expect(await call('hdparms', 'sda')).toEqual({
    '/dev/sda': {
      multcount: [16, 'on'],
      'look-ahead': [1, 'on'],
      apm_level: 'off',
      io_support: [1, '32-bit'],
      readonly: [0, 'off'],
      readahead: [256, 'on'],
      geometry: [60801, 255, 63, { sectors: '976773168', start: '0' }],
      drive_state: ['active', 'idle'],
      max_sectors: [976773168, 976773168, 'HPA is disabled'],
      acoustic: 'not supported',
    },
  });
});

test('what a disk cannot tell is in the log, and the rest is returned', async () => {
  const { call, context } = machine({
    'hdparm -C /dev/sda': { retcode: 5, stdout: '\n/dev/sda:\n drive state is:  standby\n', stderr: 'bad ioctl\n' },
  });
  expect(await call('hdparms', ['/dev/sda'], ['C'])).toEqual({ '/dev/sda': { drive_state: 'standby' } });
  expect(context.logged).toMatchObject([{ level: 'warning', fields: { disk: '/dev/sda', reason: 'bad ioctl' } }]);
});

test('only what shows something may be asked for', async () => {
  const { call } = machine({});
  await expect(call('hdparms', 'sda', 'Y')).rejects.toThrow('must be some of aAbBcC');
  await expect(call('hdparms', 'sda', '')).rejects.toThrow('must be some of aAbBcC');
});

test('the protected area is what a disk has and does not show', async () => {
  const { call } = machine({
    'hdparm -N /dev/sda': '\n/dev/sda:\n max sectors   = 1000/1000, HPA is disabled\n',
    'hdparm -N /dev/sdb': '\n/dev/sdb:\n max sectors   = 900/1000, HPA is enabled\n',
    'hdparm -N /dev/sdc': '\n/dev/sdc:\n',
  });
  expect(await call('hpa', 'sda,sdb')).toEqual({
    '/dev/sda': { total: 1000 },
    '/dev/sdb': { total: 1000, visible: 900, hidden: 100 },
  });
  await expect(call('hpa', 'sdc')).rejects.toThrow('hdparm tells nothing of a protected area of /dev/sdc');
});

test.each([
  ['100', 900],
  [100, 900],
  ['5%', 950],
  ['0', 1000],
  ['100%', 1000],
])('hiding %s of 1000 sectors leaves %d', async (size, visible) => {
  const set = `hdparm --yes-i-know-what-i-am-doing -Np${visible} /dev/sda`;
  const { call } = machine({ 'hdparm -N /dev/sda': '\n max sectors   = 1000/1000, HPA is disabled\n', [set]: '' });
  expect(await call('hpa', 'sda', size)).toBeNull();
});

test('a size that is none is refused before anything is asked', async () => {
  await expect(machine({}).call('hpa', 'sda', '-5')).rejects.toThrow('must be a number of sectors, or a percentage');
});
