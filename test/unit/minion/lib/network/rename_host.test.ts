import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import network from '../../../../../minion/modules/network.ts';
import { fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

const hosts = '127.0.0.1 localhost\n127.0.1.1  old.example old # this one\n10.0.0.2\tolder\n';

async function machine(files: Record<string, string>, command: string) {
  const root = await fixtureRoot({ 'proc/sys/kernel/hostname': 'old\n', 'etc/hosts': hosts, ...files });
  const context = fakeContext({ root, exec: fakeExec({ [command]: '' }) });
  return {
    rename: (name: string) => runFunction(context, network, 'network.mod_hostname', [name]),
    read: (file: string) => readFile(join(root, file), 'utf8'),
  };
}

test('without systemd the name is set and kept in the files of the system', async () => {
  const { rename, read } = await machine(
    { 'etc/hostname': 'old\n', 'etc/sysconfig/network': 'NETWORKING=yes\nHOSTNAME=old\n' },
    'hostname web1.example',
  );
  expect(await rename('web1.example')).toBe(true);
  expect(await read('etc/hostname')).toBe('web1.example\n');
  expect(await read('etc/sysconfig/network')).toBe('NETWORKING=yes\nHOSTNAME=web1.example\n');
  expect(await read('etc/hosts')).toBe(
    '127.0.0.1 localhost\n127.0.1.1\t\told.example web1.example\t# this one\n10.0.0.2\tolder\n',
  );
});

test('systemd keeps the name itself', async () => {
  const files = { 'run/systemd/system/': '', 'usr/bin/hostnamectl': '#!/bin/sh\n' };
  const { rename, read } = await machine(files, 'hostnamectl set-hostname web1');
  expect(await rename('web1')).toBe(true);
  await expect(read('etc/hostname')).rejects.toThrow('ENOENT');
  expect(await read('etc/hosts')).toContain('old.example web1');
});

test('what is no host name is refused', async () => {
  const { rename, read } = await machine({}, 'true');
  for (const name of ['-a', 'a b', 'a.-b', 'a_b', 'a'.repeat(65)]) {
    await expect(rename(name)).rejects.toThrow('hostname: must');
  }
  expect(await read('etc/hosts')).toBe(hosts);
});
