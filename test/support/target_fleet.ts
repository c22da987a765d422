type Dict = Readonly<Record<string, unknown>>;

/** A few minions that differ in what targets look at. */
export const targetFleet: Readonly<Record<string, Dict>> = {
  web1: {
    os: 'Debian',
    os_family: 'Debian',
    osrelease_info: [12, 5],
    roles: ['web', 'cache'],
    ipv4: ['127.0.0.1', '10.0.1.11'],
    ipv6: ['::1', 'fe80::1'],
    nested: { env: 'prod', deep: { colour: 'Red' } },
    'a:b': 'c',
    enabled: true,
    num_cpus: 4,
  },
  web2: {
    os: 'Debian',
    os_family: 'Debian',
    roles: ['web'],
    ipv4: ['127.0.0.1', '10.0.1.12'],
    ipv6: ['::1', 'fd00:1::2'],
    nested: { env: 'dev' },
    enabled: false,
    num_cpus: 2,
  },
  db1: {
    os: 'Ubuntu',
    os_family: 'Debian',
    roles: ['db'],
    ipv4: ['127.0.0.1', '10.0.2.21'],
    nested: { env: 'prod', tags: ['blue', 'green'] },
    version: '1:9.2',
  },
  'db2.example.com': { os: 'CentOS', os_family: 'RedHat', roles: [], ipv4: ['10.0.2.22'], disks: [{ name: 'sda' }] },
  cache9: { os: 'Alpine', os_family: 'Alpine', none: null, ipv4: ['192.168.7.9'] },
};
