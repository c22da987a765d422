import { fileURLToPath } from 'node:url';
import type { GrainSource } from '../../minion/grains.ts';
import { fileRoot } from '../../minion/lib/file_root.ts';
import type { Platform } from '../../minion/lib/platform.ts';
import { fakeClock, fakeExec } from './fake_context.ts';

/** A 64 bit Linux machine by the name of web1. */
export function fakePlatform(overrides: Partial<Platform> = {}): Platform {
  return {
    hostname: 'web1',
    kernel: 'Linux',
    kernelrelease: '6.1.0-25-amd64',
    kernelversion: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)',
    cpuarch: 'x86_64',
    arch: 'x64',
    cpuModels: ['Some Processor', 'Some Processor'],
    memoryBytes: 8 * 1024 ** 3,
    interfaces: {
      lo: [ip4('127.0.0.1', '255.0.0.0', true), ip6('::1', 128, true)],
      eth0: [
        ip4('192.0.2.2', '255.255.255.0'),
        ip4('192.0.2.10', '255.255.255.0'),
        ip6('fd00::2', 64),
        ip6('fe80::fc:ff:fe00:1', 64),
      ],
      'eth0:1': [ip4('10.1.2.3', '255.255.0.0')],
    },
    pid: 4711,
    uid: 0,
    gid: 0,
    cwd: '/',
    timezone: 'Europe/Berlin',
    utcOffsetMinutes: 60,
    ...overrides,
  };
}

function ip4(address: string, netmask: string, internal = false) {
  return { address, netmask, family: 'IPv4', mac: '02:fc:00:00:00:01', internal, cidr: null } as const;
}

function ip6(address: string, prefix: number, internal = false) {
  const cidr = `${address}/${prefix}`;
  return { address, netmask: '', family: 'IPv6', mac: '02:fc:00:00:00:01', internal, cidr, scopeid: 0 } as const;
}

/** The root of a distribution's fixture tree. */
export function distributionRoot(name: string): string {
  return fileURLToPath(new URL(`../fixtures/grains/${name}`, import.meta.url));
}

/** A machine whose files are below `root`, where no name resolves and no process can be started. */
export function grainSource(root: string, overrides: Partial<GrainSource> = {}): GrainSource {
  return {
    ...fileRoot(root),
    id: 'minion1',
    version: '0.1.0',
    config: {},
    env: { PATH: '/usr/sbin:/usr/bin', SHELL: '/bin/bash' },
    platform: fakePlatform(),
    resolver: { addresses: async () => [], name: async () => undefined },
    exec: fakeExec({}),
    clock: fakeClock(),
    ...overrides,
  };
}
