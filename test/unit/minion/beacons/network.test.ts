import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import networkInfo from '../../../../minion/beacons/network_info.ts';
import networkSettings from '../../../../minion/beacons/network_settings.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { watchBeacon, watchFromFirstLook } from '../../../support/watch_beacon.ts';

const dev = (rx: number, errs: number) =>
  `Inter-|   Receive\n face |bytes\n  eth0: ${rx} 2 ${errs} 4 0 0 0 0 9 10 11 12 0 0 0 0\n    lo: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n`;

test('network_info tells all counters when one is greater than, or equal to, its number', async () => {
  const root = await fixtureRoot({ 'proc/net/dev': dev(100, 3) });
  const interfaces = { eth0: { type: 'greater', bytes_recv: 100, errin: 5 }, lo: { bytes_recv: 1 }, wlan0: {} };
  const beacon = await watchFromFirstLook(networkInfo, [{ interfaces }], { root });
  expect(beacon.first.map(({ data }) => data.interface)).toEqual(['lo']);
  await writeFile(join(root, 'proc/net/dev'), dev(101, 3));
  expect((await beacon.tick())[0]?.data).toEqual({
    interface: 'eth0',
    network_info: {
      bytes_sent: 9,
      bytes_recv: 101,
      packets_sent: 10,
      packets_recv: 2,
      errin: 3,
      errout: 11,
      dropin: 4,
      dropout: 12,
    },
  });
});

test('network_info counts real packets of this machine', async () => {
  const count = (events: Awaited<ReturnType<typeof watchFromFirstLook>>['first']) =>
    (events[0]!.data.network_info as { packets_recv: number }).packets_recv;
  const beacon = await watchFromFirstLook(networkInfo, [{ interfaces: { lo: { type: 'greater', bytes_recv: 0 } } }]);
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const received = once(socket, 'message');
  socket.send('x', socket.address().port, '127.0.0.1');
  await received;
  const before = beacon.first.length === 0 ? 0 : count(beacon.first);
  expect(count(await beacon.tick())).toBeGreaterThan(before);
});

const files = {
  'sys/class/net/eth0/flags': '0x1003\n',
  'sys/class/net/eth0/mtu': '1500\n',
  'sys/class/net/eth0/operstate': 'up\n',
  'sys/class/net/eth0/address': '52:54:00:12:34:56\n',
  'sys/class/net/eth0/queues/rx-0/': '',
  'sys/class/net/lo/flags': '0x9\n',
  'sys/class/net/lo/mtu': '65536\n',
};
const address = (cidr: string) => ({ address: cidr.split('/')[0], cidr }) as NetworkInterfaceInfo;

test('network_settings tells what of the settings that are watched changed', async () => {
  const root = await fixtureRoot(files);
  let addresses = [address('192.0.2.1/24')];
  const interfaces = () => ({ eth0: addresses });
  const watched = { 'eth*': { ipaddr: null, operstate: null, promiscuity: { onvalue: 1 } }, lo: { mtu: null } };
  const beacon = await watchFromFirstLook(networkSettings, [{ interfaces: watched }], { root, interfaces });
  expect(beacon.first).toEqual([]);
  addresses = [...addresses, address('192.0.2.2/24')];
  await writeFile(join(root, 'sys/class/net/eth0/operstate'), 'down\n');
  await writeFile(join(root, 'sys/class/net/eth0/mtu'), '9000\n');
  expect(await beacon.tick()).toEqual([
    {
      tag: 'eth0',
      data: {
        interface: 'eth0',
        change: {
          ipaddr: [
            ['192.0.2.1', 24],
            ['192.0.2.2', 24],
          ],
          operstate: 'DOWN',
        },
      },
    },
  ]);
  expect(await beacon.tick()).toEqual([]);
  await writeFile(join(root, 'sys/class/net/eth0/flags'), '0x1103\n');
  expect((await beacon.tick())[0]?.data.change).toEqual({ promiscuity: 1 });
  await writeFile(join(root, 'sys/class/net/eth0/flags'), '0x1003\n');
  expect(await beacon.tick()).toEqual([]);
});

test('network_settings tells all changes in one event with coalesce', async () => {
  const root = await fixtureRoot(files);
  const items = [{ coalesce: true }, { interfaces: { eth0: { mtu: null }, lo: { mtu: null } } }];
  const beacon = await watchFromFirstLook(networkSettings, items, { root, interfaces: () => ({}) });
  for (const name of ['eth0', 'lo']) await writeFile(join(root, `sys/class/net/${name}/mtu`), '1400\n');
  expect(await beacon.tick()).toEqual([
    { tag: 'result', data: { changes: { eth0: { mtu: 1400 }, lo: { mtu: 1400 } } } },
  ]);
});

test('network_settings says which settings there are', async () => {
  await expect(watchBeacon(networkSettings, [{ interfaces: { eth0: { qdisc: null } } }])).rejects.toThrow(
    /interfaces\.eth0\.qdisc: must be one of address, .*promiscuity/,
  );
});
