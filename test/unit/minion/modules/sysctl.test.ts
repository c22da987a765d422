import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import sysctl from '../../../../minion/modules/sysctl.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const conf = '# kernel\n; old\nvm.swappiness=10\n-net.ipv4.ip_forward = 0\n';

async function machine(commands: Parameters<typeof fakeExec>[0] = {}) {
  const root = await fixtureRoot({
    'proc/sys/vm/swappiness': '10\n',
    'proc/sys/net/ipv4/ip_forward': '0\n',
    'proc/sys/net/ipv4/tcp_rmem': '4096\t131072\t6291456\n',
    'proc/sys/net/ipv4/conf/eth0.1/forwarding': '1\n',
    'etc/sysctl.conf': conf,
  });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    run: (fun: string, ...args: unknown[]) => runFunction(context, sysctl, `sysctl.${fun}`, args),
    read: (file: string) => readFile(join(root, file), 'utf8'),
  };
}

test('parameters are read from the kernel, and from a file', async () => {
  const { run } = await machine({ 'sysctl -a': 'vm.swappiness = 10\nkernel.domainname = (none)\n' });
  expect(await run('get', 'vm.swappiness')).toBe('10');
  expect(await run('get', 'net.ipv4.conf.eth0/1.forwarding')).toBe('1');
  expect(await run('get', 'vm.nothing')).toBe('');
  expect(await run('show')).toEqual({ 'vm.swappiness': '10', 'kernel.domainname': '(none)' });
  expect(await run('show', '/etc/sysctl.conf')).toEqual({ 'vm.swappiness': '10', 'net.ipv4.ip_forward': '0' });
  expect(await run('default_config')).toBe('/etc/sysctl.conf');
  await expect(run('get', '../../etc/shadow')).rejects.toThrow('must be a name such as');
});

test('persist changes the line that is there and nothing else', async () => {
  const { run, read } = await machine({ 'sysctl -w net.ipv4.ip_forward=1': '' });
  expect(await run('persist', 'vm.swappiness', 10)).toBe('Already set');
  expect(await run('persist', 'net.ipv4.ip_forward', 1)).toBe('Updated');
  expect(await read('etc/sysctl.conf')).toBe('# kernel\n; old\nvm.swappiness=10\nnet.ipv4.ip_forward = 1\n');
});

test('blanks and tabs between numbers are the same, and a new file is made', async () => {
  const { run, read } = await machine({ 'sysctl -w net.ipv4.tcp_rmem=4096 131072 6291456': '' });
  const args = ['net.ipv4.tcp_rmem', '4096 131072 6291456', '/etc/sysctl.d/a.conf'];
  expect(await run('persist', ...args)).toBe('Updated');
  expect(await read('etc/sysctl.d/a.conf')).toBe('net.ipv4.tcp_rmem = 4096 131072 6291456\n');
  expect(await run('persist', ...args)).toBe('Already set');
});

test('what the kernel refuses is not written', async () => {
  const stderr = 'sysctl: setting key "vm.swappiness": Invalid argument\n';
  const { run, read } = await machine({ 'sysctl -w vm.swappiness=x': { stderr } });
  await expect(run('persist', 'vm.swappiness', 'x')).rejects.toThrow('sysctl -w failed');
  await expect(run('assign', 'vm.nothing', 1)).rejects.toThrow('sysctl vm.nothing does not exist');
  expect(await read('etc/sysctl.conf')).toBe(conf);
});
