import { describe, expect, test } from 'vitest';
import dns from '../../../../minion/grains/dns.ts';
import host from '../../../../minion/grains/host.ts';
import locale from '../../../../minion/grains/locale.ts';
import minion from '../../../../minion/grains/minion.ts';
import network from '../../../../minion/grains/network.ts';
import software from '../../../../minion/grains/software.ts';
import user from '../../../../minion/grains/user.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { distributionRoot, fakePlatform, grainSource } from '../../../support/grain_source.ts';
import { repositoryRoot } from '../../../support/source_tree.ts';

const debian = distributionRoot('debian-12');

test('interfaces are listed with their addresses, those that are down too', async () => {
  expect(await network.collect(grainSource(debian))).toEqual({
    ip_interfaces: {
      eth0: ['192.0.2.2', '10.1.2.3', '192.0.2.10', 'fd00::2', 'fe80::fc:ff:fe00:1'],
      ifb0: [],
      lo: ['127.0.0.1', '::1'],
    },
    ip4_interfaces: { eth0: ['192.0.2.2', '10.1.2.3', '192.0.2.10'], ifb0: [], lo: ['127.0.0.1'] },
    ip6_interfaces: { eth0: ['fd00::2', 'fe80::fc:ff:fe00:1'], ifb0: [], lo: ['::1'] },
    hwaddr_interfaces: { eth0: '02:fc:00:00:00:01', ifb0: '7e:e2:85:43:90:0c', lo: '00:00:00:00:00:00' },
    ipv4: ['10.1.2.3', '127.0.0.1', '192.0.2.2', '192.0.2.10'],
    ipv6: ['::1', 'fd00::2', 'fe80::fc:ff:fe00:1'],
    ip4_gw: '192.0.2.1',
    ip6_gw: 'fd00::1',
    ip_gw: true,
  });
});

test('a machine without a default route has no gateway', async () => {
  const root = await fixtureRoot({ 'proc/net/route': 'Iface\tDestination\n' });
  expect(await network.collect(grainSource(root))).toMatchObject({ ip4_gw: false, ip6_gw: false, ip_gw: false });
});

test('a default route without an address is a gateway that is true', async () => {
  const row = 'wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n';
  const root = await fixtureRoot({ 'proc/net/route': `Iface\tDestination\n${row}` });
  expect(await network.collect(grainSource(root))).toMatchObject({ ip4_gw: true, ip6_gw: false, ip_gw: true });
});

test('where there is no /proc gateways are left out', async () => {
  const root = await fixtureRoot({});
  expect(await network.collect(grainSource(root))).not.toHaveProperty('ip_gw');
});

describe('resolver settings', () => {
  test('are read from resolv.conf', async () => {
    expect(await dns.collect(grainSource(debian))).toEqual({
      dns: {
        domain: 'example.com',
        ip4_nameservers: ['192.0.2.53'],
        ip6_nameservers: ['2001:db8::53'],
        nameservers: ['192.0.2.53', '2001:db8::53'],
        options: ['ndots:2', 'edns0'],
        search: ['example.com', 'lan.example.com'],
        sortlist: [],
      },
    });
  });

  test('are those of systemd-resolved, not of its stub', async () => {
    const root = await fixtureRoot({
      'run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\n',
      'etc/resolv.conf': 'nameserver 127.0.0.53\n',
    });
    expect(await dns.collect(grainSource(root))).toMatchObject({ dns: { nameservers: ['192.0.2.53'] } });
  });
});

describe('names', () => {
  test('come from the hosts file without asking DNS', async () => {
    const resolver = {
      addresses: () => Promise.reject(new Error('DNS was asked')),
      name: () => Promise.reject(new Error('DNS was asked')),
    };
    expect(await host.collect(grainSource(debian, { resolver }))).toEqual({
      localhost: 'web1',
      nodename: 'web1',
      host: 'web1',
      domain: 'example.com',
      fqdn: 'web1.example.com',
      fqdn_ip4: ['127.0.1.1'],
      fqdn_ip6: [],
      fqdns: ['web1.lan.example.com'],
    });
  });

  test('come from DNS when the hosts file does not know the machine', async () => {
    const resolver = {
      addresses: async (name: string) => (name.startsWith('web1') ? ['192.0.2.2', 'fd00::2'] : []),
      name: async (address: string) => (address === '192.0.2.2' ? 'web1.dns.example' : undefined),
    };
    const source = grainSource(await fixtureRoot({}), { resolver });
    expect(await host.collect(source)).toMatchObject({
      fqdn: 'web1.dns.example',
      domain: 'dns.example',
      fqdn_ip4: ['192.0.2.2'],
      fqdn_ip6: ['fd00::2'],
    });
  });

  test('do not wait for a name server that is silent', async () => {
    const clock = fakeClock();
    const asked: string[] = [];
    const addresses = (name: string) => {
      asked.push(name);
      queueMicrotask(() => clock.advance(1000));
      return new Promise<string[]>(() => undefined);
    };
    const resolver = { addresses, name: async () => undefined };
    const source = grainSource(await fixtureRoot({}), { resolver, clock });
    expect(await host.collect(source)).toMatchObject({ fqdn: 'web1', host: 'web1', domain: '', fqdn_ip4: [] });
    expect(asked).toEqual(['web1', 'web1']);
  });

  test('a host name that is full is the full name', async () => {
    const platform = fakePlatform({ hostname: 'db.example.com' });
    expect(await host.collect(grainSource(await fixtureRoot({}), { platform }))).toMatchObject({
      localhost: 'db.example.com',
      host: 'db',
      domain: 'example.com',
    });
  });
});

test('the user and group have the names that the machine gives them', async () => {
  const platform = fakePlatform({ uid: 998, gid: 998 });
  expect(await user.collect(grainSource(debian, { platform }))).toEqual({
    uid: 998,
    gid: 998,
    pid: 4711,
    cwd: '/',
    username: 'salt',
    groupname: 'salt',
  });
  const nobody = fakePlatform({ uid: 12345, gid: 12345 });
  expect(await user.collect(grainSource(debian, { platform: nobody }))).not.toHaveProperty('username');
});

test('the server id is the number that Salt makes of the id', async () => {
  // From a real Salt 3007.8 whose minion was named minion1.
  const grains = await minion.collect(grainSource(debian, { config: { master: 'salt.example.com' } }));
  expect(grains).toEqual({
    id: 'minion1',
    master: 'salt.example.com',
    server_id: 156412900,
    machine_id: '3d1219c7c4c5404aaa1f6d2a48adfda4',
  });
});

test('the version is a text and a list, the path too', async () => {
  expect(await software.collect(grainSource(debian, { version: '1.2.0-rc1' }))).toMatchObject({
    saltversion: '1.2.0-rc1',
    saltversioninfo: [1, 2, 0, 'rc1'],
    saltpath: repositoryRoot.replace(/\/$/, ''),
    path: '/usr/sbin:/usr/bin',
    systempath: ['/usr/sbin', '/usr/bin'],
    shell: '/bin/bash',
    ps: 'ps -efHww',
    transactional: false,
  });
});

describe('locale', () => {
  const zone = (root: string, utcOffsetMinutes: number, env = {}) =>
    locale.collect(grainSource(root, { env, platform: fakePlatform({ utcOffsetMinutes }) }));

  test('the time zone has its name of the season', async () => {
    const root = distributionRoot('openwrt');
    expect(await zone(root, 60)).toMatchObject({ locale_info: { timezone: 'CET' }, timezone: 'Europe/Berlin' });
    expect(await zone(root, 120)).toMatchObject({ locale_info: { timezone: 'CEST' } });
  });

  test('a zone whose name is a number keeps its sign', async () => {
    const root = await fixtureRoot({ 'etc/localtime': 'TZif2...\n<+0530>-5:30\n' });
    expect(await zone(root, 330)).toMatchObject({ locale_info: { timezone: '+0530' } });
  });

  test('the language is the environment’s, and that of Python for the plain one', async () => {
    const root = await fixtureRoot({});
    expect(await zone(root, 0, { LANG: 'de_DE.ISO-8859-1@euro' })).toMatchObject({
      locale_info: { defaultlanguage: 'de_DE', defaultencoding: 'ISO-8859-1' },
    });
    expect(await zone(root, 0)).toMatchObject({
      locale_info: { defaultlanguage: 'en_US', defaultencoding: 'UTF-8', detectedencoding: 'utf-8' },
    });
  });
});
