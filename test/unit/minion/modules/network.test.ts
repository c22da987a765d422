import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { networkModule } from '../../../../minion/modules/network.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { distributionRoot, fakePlatform } from '../../../support/grain_source.ts';
import { runFunction } from '../../../support/run_function.ts';

const names: Record<string, string> = { '192.0.2.2': 'web1.example.com', 'fd00::2': 'web1' };
const network = networkModule(() => fakePlatform(), {
  addresses: async (name) => (name === 'localhost' ? ['::1', '127.0.0.1'] : []),
  name: async (address) => names[address],
});

function call(
  fun: string,
  args: unknown[] = [],
  kwargs: Record<string, unknown> = {},
  root = distributionRoot('debian-12'),
) {
  const context = fakeContext({ root, clock: systemClock, grains: { fqdn: 'web1.example.com' } });
  return runFunction(context, network, `network.${fun}`, args, kwargs);
}

function callWith(commands: Record<string, FakeCommand>, fun: string, args: unknown[], kwargs = {}) {
  return runFunction(fakeContext({ exec: fakeExec(commands) }), network, `network.${fun}`, args, kwargs);
}

describe('interfaces', () => {
  test('have addresses, scopes and labels; further addresses of one network are secondary', async () => {
    expect(await call('interfaces')).toEqual({
      eth0: {
        up: true,
        hwaddr: '02:fc:00:00:00:01',
        inet: [
          { address: '192.0.2.2', netmask: '255.255.255.0', broadcast: '192.0.2.255', label: 'eth0' },
          { address: '10.1.2.3', netmask: '255.255.0.0', broadcast: '10.1.255.255', label: 'eth0:1' },
        ],
        inet6: [
          { address: 'fd00::2', prefixlen: '64', scope: 'global' },
          { address: 'fe80::fc:ff:fe00:1', prefixlen: '64', scope: 'link' },
        ],
        secondary: [
          { type: 'inet', address: '192.0.2.10', netmask: '255.255.255.0', broadcast: '192.0.2.255', label: 'eth0' },
        ],
      },
      ifb0: { up: false, hwaddr: '7e:e2:85:43:90:0c' },
      lo: {
        up: true,
        hwaddr: '00:00:00:00:00:00',
        inet: [{ address: '127.0.0.1', netmask: '255.0.0.0', broadcast: null, label: 'lo' }],
        inet6: [{ address: '::1', prefixlen: '128', scope: 'host' }],
      },
    });
  });

  test.each([
    ['hw_addr', ['eth0'], '02:fc:00:00:00:01'],
    ['hwaddr', ['lo'], '00:00:00:00:00:00'],
    ['interface_ip', ['eth0'], '192.0.2.2'],
    ['interface_ip', ['ifb0'], ''],
    ['interface', ['lo'], [{ address: '127.0.0.1', netmask: '255.0.0.0', broadcast: null, label: 'lo' }]],
    ['interface_ip', ['nope'], 'Interface "nope" not in available interfaces: "eth0", "ifb0", "lo"'],
    ['ifacestartswith', ['10.1'], ['eth0:1']],
    ['ip_addrs', [], ['10.1.2.3', '192.0.2.2', '192.0.2.10']],
    ['ip_addrs', ['lo', true], ['127.0.0.1']],
    ['ip_addrs', ['et*,lo'], ['10.1.2.3', '192.0.2.2', '192.0.2.10']],
    ['ip_addrs', [null, false, '10.0.0.0/8'], ['10.1.2.3']],
    ['ip_addrs', [null, false, null, 'public'], []],
    ['ipaddrs', [null, false, null, 'private'], ['10.1.2.3', '192.0.2.2', '192.0.2.10']],
    ['ip_addrs6', [], ['fd00::2', 'fe80::fc:ff:fe00:1']],
    ['ipaddrs6', [null, true, 'fe80::/10'], ['fe80::fc:ff:fe00:1']],
    ['subnets', [], ['10.1.0.0/16', '192.0.2.0/24']],
    ['subnets', ['lo'], []],
    ['subnets6', [], ['fd00::/64', 'fe80::/64']],
    ['in_subnet', ['192.0.2.0/24'], true],
    ['in_subnet', ['198.51.100.0/24'], false],
    ['in_subnet', ['192.0.2.1/24'], false],
    ['ip_networks', [], ['10.1.0.0/16', '192.0.2.0/24']],
    ['ip_networks', ['lo', true], ['127.0.0.0/8']],
    [
      'ip_networks',
      ['eth0', false, true],
      {
        '10.1.0.0/16': { address: '10.1.0.0', netmask: '255.255.0.0', num_addresses: 65536, prefixlen: 16 },
        '192.0.2.0/24': { address: '192.0.2.0', netmask: '255.255.255.0', num_addresses: 256, prefixlen: 24 },
      },
    ],
    ['ip_networks6', ['eth0'], ['fd00::/64', 'fe80::/64']],
    ['get_hostname', [], 'web1'],
    ['get_fqdn', [], 'web1.example.com'],
    ['fqdns', [], { fqdns: ['web1.example.com'] }],
  ])('%s %j is %j', async (fun, args, expected) => {
    expect(await call(fun, args)).toEqual(expected);
  });
});

describe('calculations', () => {
  test.each([
    ['is_private', ['10.0.0.3'], true],
    ['is_private', ['8.8.8.8'], false],
    ['is_loopback', ['::1'], true],
    ['reverse_ip', ['172.17.0.4'], '4.0.17.172.in-addr.arpa'],
    ['reverse_ip', ['2001:db8::1'], '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
    ['iphexval', ['10.0.0.1'], '0A000001'],
    ['ip_in_subnet', ['172.17.0.4', '172.16.0.0/12'], true],
    ['ip_in_subnet', ['172.17.0.4', 'nonsense'], false],
    ['calc_net', ['172.17.0.5', '255.255.255.240'], '172.17.0.0/28'],
    ['convert_cidr', ['172.31.4.4/16'], { network: '172.31.0.0', netmask: '255.255.0.0', broadcast: '172.31.255.255' }],
  ])('%s %j is %j', async (fun, args, expected) => {
    expect(await call(fun, args)).toEqual(expected);
  });

  test('what is no address or network is refused', async () => {
    await expect(call('is_private', ['web1'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
    await expect(call('calc_net', ['10.0.0.1/99'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

describe('tables', () => {
  test('routes are those of both families, the default in use first', async () => {
    const viaEth0 = {
      destination: '0.0.0.0',
      gateway: '192.0.2.1',
      netmask: '0.0.0.0',
      flags: 'UG',
      interface: 'eth0',
    };
    const viaEth1 = { ...viaEth0, gateway: '1.100.1.1', interface: 'eth1' };
    expect(await call('default_route', ['inet'])).toEqual([
      { addr_family: 'inet', ...viaEth0 },
      { addr_family: 'inet', ...viaEth1 },
    ]);
    expect(await call('routes')).toHaveLength(5);
    expect(await call('routes', ['inet6'])).toEqual([
      { addr_family: 'inet6', destination: 'fd00::/64', gateway: '::', netmask: '', flags: 'U', interface: 'eth0' },
      { addr_family: 'inet6', destination: '::/0', gateway: 'fd00::1', netmask: '', flags: 'UG', interface: 'eth0' },
    ]);
    await expect(call('routes', ['inet5'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });

  test('arp maps hardware addresses to IP addresses', async () => {
    const root = await fixtureRoot({
      'proc/net/arp':
        'IP address       HW type     Flags       HW address            Mask     Device\n192.0.2.1        0x1         0x2         02:aa:bb:cc:dd:ee     *        eth0\n',
    });
    expect(await call('arp', [], {}, root)).toEqual({ '02:aa:bb:cc:dd:ee': '192.0.2.1' });
  });

  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const tcp = `${head}   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11111 1\n   1: 020200C0:0016 090200C0:C350 01 00000010:00000002 00:00000000 00000000  1000        0 22222 1\n`;
  const tcp6 = `${head}   0: 0000000000000000FFFF0000020200C0:1F90 0000000000000000FFFF0000090200C0:C351 01 00000000:00000000 00:00000000 00000000     0        0 33333 1\n`;
  const udp = `${head}   0: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 44444 2\n`;

  test('active_tcp has the connections that are established', async () => {
    const root = await fixtureRoot({ 'proc/net/tcp': tcp, 'proc/net/tcp6': tcp6 });
    expect(await call('active_tcp', [], {}, root)).toEqual({
      0: { local_addr: '192.0.2.2', local_port: 22, remote_addr: '192.0.2.9', remote_port: 50000 },
      1: { local_addr: '192.0.2.2', local_port: 8080, remote_addr: '192.0.2.9', remote_port: 50001 },
    });
  });

  test('netstat has all sockets with the program that owns them', async () => {
    const root = await fixtureRoot({
      'proc/net/tcp': tcp,
      'proc/net/udp': udp,
      'proc/812/fd/': '',
      'proc/812/comm': 'sshd\n',
    });
    await symlink('socket:[11111]', join(root, 'proc/812/fd/3'));
    await symlink('/dev/null', join(root, 'proc/812/fd/0'));
    expect(await call('netstat', [], {}, root)).toEqual([
      {
        proto: 'tcp',
        'recv-q': '0',
        'send-q': '0',
        'local-address': '0.0.0.0:22',
        'remote-address': '0.0.0.0:*',
        state: 'LISTEN',
        user: '0',
        inode: '11111',
        program: '812/sshd',
      },
      expect.objectContaining({ state: 'ESTABLISHED', 'send-q': '16', 'recv-q': '2', user: '1000', program: '-' }),
      expect.not.objectContaining({ state: expect.anything() }),
    ]);
  });
});

test('neighbours that answer are listed by their hardware address', async () => {
  const commands = {
    'ip -4 neigh show': '192.0.2.1 dev eth0 lladdr 02:fc:00:00:00:05 REACHABLE\n192.0.2.9 dev eth0  FAILED\n',
    'ip -6 neigh show': 'fe80::1 dev eth0 lladdr 02:fc:00:00:00:06 router STALE\n',
  };
  expect(await callWith(commands, 'ip_neighs', [])).toEqual({ '02:fc:00:00:00:05': '192.0.2.1' });
  expect(await callWith(commands, 'ip_neighs6', [])).toEqual({ '02:fc:00:00:00:06': 'fe80::1' });
});

describe('probes', () => {
  test('ping gives the output, or whether there was an answer', async () => {
    const commands = {
      'ping -c 4 web1': 'PING web1\n4 received\n',
      'ping -W 3 -c 4 web1': { retcode: 1 },
    };
    expect(await callWith(commands, 'ping', ['web1'])).toBe('PING web1\n4 received');
    expect(await callWith(commands, 'ping', ['web1'], { return_boolean: true })).toBe(true);
    expect(await callWith(commands, 'ping', ['web1', 3, true])).toBe(false);
  });

  test.each(['-f', 'a b', 'web1;reboot', ''])('a host named %j never reaches a program', async (host) => {
    for (const fun of ['ping', 'dig', 'traceroute']) {
      await expect(callWith({}, fun, [host])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
    }
  });

  test('traceroute is a list of hops', async () => {
    const stdout =
      'traceroute to x (192.0.2.9), 30 hops max, 60 byte packets\n 1  gw.lan (192.0.2.1)  0.5 ms  0.6 ms  0.7 ms\n 2  * * *\n 3  x (192.0.2.9)  1.5 ms *  1.7 ms\n';
    expect(await callWith({ 'traceroute x': stdout }, 'traceroute', ['x'])).toEqual([
      { count: 1, hostname: 'gw.lan', ip: '192.0.2.1', ms1: 0.5, ms2: 0.6, ms3: 0.7 },
      { count: 2, hostname: '*' },
      { count: 3, hostname: 'x', ip: '192.0.2.9', ms1: 1.5, ms2: 1.7 },
    ]);
  });

  test('get_route asks the kernel', async () => {
    const commands = {
      'ip route get 10.9.9.9': '10.9.9.9 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0 \n    cache\n',
      'ip route get 192.0.2.7': '192.0.2.7 dev eth0 src 192.0.2.2 uid 0\n',
      'ip route get 203.0.113.1': { retcode: 2, stderr: 'RTNETLINK answers: Network is unreachable\n' },
    };
    expect(await callWith(commands, 'get_route', ['10.9.9.9'])).toEqual({
      destination: '10.9.9.9',
      gateway: '192.0.2.1',
      interface: 'eth0',
      source: '192.0.2.2',
    });
    expect(await callWith(commands, 'get_route', ['192.0.2.7'])).toMatchObject({ gateway: null, interface: 'eth0' });
    await expect(callWith(commands, 'get_route', ['203.0.113.1'])).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('connect tells whether a TCP port is open', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await call('connect', ['127.0.0.1', port])).toEqual({
      result: true,
      comment: `Successfully connected to 127.0.0.1 (127.0.0.1) on tcp port ${port}`,
    });
    expect(await call('connect', ['localhost', port], { family: 'ipv4' })).toMatchObject({
      comment: expect.stringContaining('localhost (127.0.0.1)'),
    });
    server.close();
    await once(server, 'close');
    expect(await call('connect', ['127.0.0.1', port], { timeout: 2 })).toEqual({
      result: false,
      comment: `Unable to connect to 127.0.0.1 (127.0.0.1) on tcp port ${port}`,
    });
  });

  test('connect tells whether a UDP port answers', async () => {
    const server = createSocket('udp4');
    server.on('message', (message, { port, address }) => server.send(message, port, address));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    expect(await call('connect', ['127.0.0.1', port], { proto: 'udp' })).toMatchObject({ result: true });
    server.close();
    await once(server, 'close');
    expect(await call('connect', ['127.0.0.1', port], { proto: 'udp', timeout: 1 })).toMatchObject({ result: false });
  });

  test('connect says when a name cannot be resolved', async () => {
    expect(await call('connect', ['nowhere', 80])).toEqual({
      result: false,
      comment: 'Unable to resolve host nowhere on tcp port 80',
    });
    await expect(call('connect', ['127.0.0.1', 80], { timeout: 'soon' })).rejects.toMatchObject({
      code: 'ARGS_INVALID',
    });
  });

  test('wol sends six bytes of ones and the address sixteen times', async () => {
    const receiver = createSocket('udp4');
    onTestFinished(() => void receiver.close());
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const received = once(receiver, 'message');
    expect(await call('wol', ['08-00-27-13-69-77', '127.0.0.1', receiver.address().port])).toBe(true);
    const [packet] = (await received) as [Buffer];
    expect(packet.toString('hex')).toBe('ff'.repeat(6) + '080027136977'.repeat(16));
    await expect(call('wol', ['08-00'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

describe('ring buffers', () => {
  const printed = [
    'Ring parameters for eth0:',
    'Pre-set maximums:',
    'RX:\t\t4096',
    'RX Mini:\tn/a',
    'TX:\t\t4096',
    'Current hardware settings:',
    'RX:\t\t256',
    'RX Mini:\tn/a',
    'TX:\t\t512',
    '',
  ].join('\n');
  const withEthtool = async (commands: Record<string, FakeCommand>, fun: string, args: unknown[], kwargs = {}) => {
    const root = await fixtureRoot({ 'usr/sbin/ethtool': '#!/bin/sh\n' });
    return runFunction(fakeContext({ root, exec: fakeExec(commands) }), network, `network.${fun}`, args, kwargs);
  };

  test('have a size and a largest one', async () => {
    expect(await withEthtool({ 'ethtool -g eth0': printed }, 'get_bufsize', ['eth0'])).toEqual({
      ...{ rx: 256, tx: 512, 'rx-max': 4096, 'tx-max': 4096 },
      result: true,
    });
    const none = { retcode: 80, stdout: 'netlink error: Operation not supported\n' };
    expect(await withEthtool({ 'ethtool -g lo': none }, 'get_bufsize', ['lo'])).toEqual({
      result: false,
      comment: 'netlink error: Operation not supported',
    });
    expect(await call('get_bufsize', ['eth0'], {}, await fixtureRoot({}))).toEqual({});
  });

  test('are set by what is named', async () => {
    const commands = {
      'ethtool -G eth0 rx 512 rx-jumbo 64': '',
      'ethtool -G eth0 tx 0': { retcode: 1, stdout: 'refused\n' },
    };
    expect(await callWith(commands, 'mod_bufsize', ['eth0'], { 'rx-jumbo': 64, rx: '512' })).toEqual({
      result: true,
      comment: 'rx 512 rx-jumbo 64',
    });
    expect(await callWith(commands, 'mod_bufsize', ['eth0'], { tx: 0 })).toEqual({ result: false, comment: 'refused' });
    await expect(callWith({}, 'mod_bufsize', ['eth0'])).rejects.toThrow(
      'one of rx, tx, rx-mini and rx-jumbo is needed',
    );
    await expect(callWith({}, 'mod_bufsize', ['eth0'], { ry: 1 })).rejects.toThrow('not valid: ry=1');
    await expect(callWith({}, 'get_bufsize', ['-x'])).rejects.toThrow('iface: must be the name of an interface');
  });
});
