import { expect, test } from 'vitest';
import macos from '../../../../minion/grains/macos.ts';
import { collectGrains, coreGrains } from '../../../../minion/grains.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { distributionRoot, fakePlatform, grainSource } from '../../../support/grain_source.ts';

const SYSCTL = 'sysctl hw.model machdep.cpu.features vm.swapusage kern.hv_vmm_present';
const ioreg = `+-o J314sAP  <class IOPlatformExpertDevice, id 0x100000226, registered, matched, active, busy 0 (181250 ms), retain 40>
    {
      "compatible" = <"J314sAP","MacBookPro18,3","AppleARM">
      "IOPlatformSerialNumber" = "C02ABCDEFGH1"
      "IOPlatformUUID" = "5C1E0F6A-9B34-5D21-8A77-0123456789AB"
      "manufacturer" = <"Apple Inc.">
      "model" = <"MacBookPro18,3">
    }
`;
const route = (gateway: string) =>
  `   route to: default\ndestination: default\n       mask: default\n    gateway: ${gateway}\n  interface: en0\n      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>\n`;
const commands = {
  // This machine has no machdep.cpu.features: sysctl says so and prints the others.
  [SYSCTL]: {
    stdout:
      'hw.model: MacBookPro18,3\nvm.swapusage: total = 2048.00M  used = 1021.75M  free = 1026.25M  (encrypted)\nkern.hv_vmm_present: 0\n',
    stderr: "sysctl: unknown oid 'machdep.cpu.features'\n",
    retcode: 1,
  },
  'ioreg -rd1 -c IOPlatformExpertDevice': ioreg,
  'route -n get default': route('192.168.64.1'),
  'route -n get -inet6 default': { retcode: 1, stderr: 'route: writing to routing socket: not in table\n' },
};
const platform = fakePlatform({ kernel: 'Darwin', kernelrelease: '24.0.0', cpuarch: 'arm64', arch: 'arm64' });
const machine = (changes: Parameters<typeof fakeExec>[0] = {}) =>
  grainSource(distributionRoot('macos'), { platform, exec: fakeExec({ ...commands, ...changes }) });

test('a Mac has all that its files and programs tell', async () => {
  const context = fakeContext();
  const grains = await collectGrains(coreGrains(), machine(), context.log);
  expect(context.logged).toEqual([]);
  expect(grains).toMatchObject({
    kernel: 'Darwin',
    os: 'MacOS',
    os_family: 'MacOS',
    osfullname: 'macOS 15.0',
    osrelease: '15.0',
    osrelease_info: [15, 0],
    osmajorrelease: 15,
    osbuild: '24A335',
    osarch: 'arm64',
    init: 'launchd',
    virtual: 'physical',
    productname: 'MacBookPro18,3',
    manufacturer: 'Apple Inc.',
    serialnumber: 'C02ABCDEFGH1',
    uuid: '5c1e0f6a-9b34-5d21-8a77-0123456789ab',
    swap_total: 2048,
    mem_total: 8192,
    num_cpus: 2,
    ip4_gw: '192.168.64.1',
    ip6_gw: false,
    ip_gw: true,
    username: 'root',
    groupname: 'wheel',
    dns: { nameservers: ['192.168.64.1'], search: ['lan'] },
  });
  expect(grains).not.toHaveProperty('cpu_flags');
});

test('a Mac with a processor of Intel tells its flags, one in a virtual machine whose it is', async () => {
  const stdout =
    'hw.model: VMware7,1\nmachdep.cpu.features: FPU VME SSE4.2\nvm.swapusage: total = 0.00M  used = 0.00M  free = 0.00M\nkern.hv_vmm_present: 1\n';
  const grains = await macos.collect(
    machine({ [SYSCTL]: stdout, 'route -n get -inet6 default': route('fe80::1%en0') }),
  );
  expect(grains).toMatchObject({
    cpu_flags: ['fpu', 'vme', 'sse4.2'],
    swap_total: 0,
    virtual: 'VMware',
    ip6_gw: 'fe80::1',
  });
});

test('nothing is asked of another system', async () => {
  expect(await macos.collect(grainSource(distributionRoot('alpine')))).toEqual({});
});
