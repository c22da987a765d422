import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Virtual machine or container, and which.',
  collect(source) {
    // macOS tells it by a program.
    if (source.platform.kernel === 'Darwin') return {};
    if (source.platform.kernel !== 'Linux') return { virtual: 'physical' };
    // A container in a virtual machine is a container.
    return container(source) ?? xen(source) ?? firmware(source) ?? processor(source) ?? { virtual: 'physical' };
  },
});

type Virtual = { readonly virtual: string; readonly virtual_subtype?: string };

function container({ readText, exists }: GrainSource): Virtual | undefined {
  const variable = /(?:^|\0)container=([^\0]*)/.exec(readText('/proc/1/environ') ?? '')?.[1];
  const manager = readText('/run/systemd/container')?.trim() ?? variable ?? '';
  const cgroup = readText('/proc/1/cgroup') ?? '';
  if (manager.startsWith('lxc') || cgroup.includes(':/lxc')) return { virtual: 'container', virtual_subtype: 'LXC' };
  if (cgroup.includes('/kubepods')) return { virtual: 'container', virtual_subtype: 'kubernetes' };
  if (manager === 'podman' || exists('/run/.containerenv') || cgroup.includes('/libpod')) {
    return { virtual: 'container', virtual_subtype: 'libpod' };
  }
  if (manager === 'docker' || exists('/.dockerenv') || cgroup.includes('/docker')) {
    return { virtual: 'container', virtual_subtype: 'Docker' };
  }
  if (manager === 'systemd-nspawn') return { virtual: 'systemd-nspawn' };
  if (exists('/proc/vz') && !exists('/proc/bc')) return { virtual: 'openvzve' };
  return exists('/proc/vz') ? { virtual: 'openvzhn' } : undefined;
}

function xen({ readText, exists }: GrainSource): Virtual | undefined {
  if (readText('/sys/hypervisor/type')?.trim() !== 'xen' && !exists('/proc/xen')) return undefined;
  if (dmi({ readText }, 'bios_version').includes('.amazon')) return { virtual: 'xen', virtual_subtype: 'Amazon EC2' };
  if ((readText('/proc/xen/capabilities') ?? '').includes('control_d')) {
    return { virtual: 'xen', virtual_subtype: 'Xen Dom0' };
  }
  const isHvm = dmi({ readText }, 'product_name') === 'HVM domU';
  return { virtual: 'xen', virtual_subtype: isHvm ? 'Xen HVM DomU' : 'Xen PV DomU' };
}

/** What a hypervisor writes into the firmware tables; the first that matches counts. */
const firmwareMarks: readonly [file: string, mark: RegExp, virtual: string, subtype?: string][] = [
  ['product_name', /VirtualBox/, 'VirtualBox'],
  ['product_name', /RHEV Hypervisor/, 'kvm', 'rhev'],
  ['product_name', /oVirt/, 'kvm', 'ovirt'],
  ['product_name', /CloudStack KVM/, 'kvm', 'cloudstack'],
  ['product_name', /Google/, 'gce'],
  ['product_name', /VMware/, 'VMware'],
  ['product_name', /BHYVE/, 'bhyve'],
  ['product_name', /^(KVM|OpenStack|Droplet|vServer|Standard PC)/, 'kvm'],
  ['sys_vendor', /VMware/, 'VMware'],
  ['sys_vendor', /Parallels/, 'Parallels'],
  ['sys_vendor', /QEMU|Bochs|OpenStack|Alibaba|DigitalOcean|Hetzner/, 'kvm'],
  ['bios_vendor', /QEMU|Bochs|SeaBIOS/, 'kvm'],
  ['bios_vendor', /BHYVE/, 'bhyve'],
];

function firmware(source: GrainSource): Virtual | undefined {
  const product = dmi(source, 'product_name');
  const vendor = dmi(source, 'sys_vendor');
  if (vendor === 'Amazon EC2') {
    // A metal instance has no hypervisor beneath it.
    if (product.endsWith('.metal')) return undefined;
    return { virtual: 'Nitro', virtual_subtype: `Amazon EC2${product === '' ? '' : ` (${product})`}` };
  }
  if (vendor.startsWith('Microsoft') && product === 'Virtual Machine') return { virtual: 'VirtualPC' };
  const [, , virtual, subtype] = firmwareMarks.find(([file, mark]) => mark.test(dmi(source, file))) ?? [];
  if (virtual === undefined) return undefined;
  return { virtual, ...(subtype !== undefined && { virtual_subtype: subtype }) };
}

/** For machines without firmware tables: ARM, IBM Z, micro virtual machines. */
function processor({ readText, exists }: GrainSource): Virtual | undefined {
  const hypervisor = readText('/proc/device-tree/hypervisor/compatible');
  if (hypervisor !== undefined) return { virtual: hypervisor.includes('xen') ? 'xen' : 'kvm' };
  const cpuinfo = readText('/proc/cpuinfo') ?? '';
  if (cpuinfo.includes('QEMU Virtual CPU') || exists('/proc/device-tree/fw-cfg')) return { virtual: 'kvm' };
  if (cpuinfo.includes('User Mode Linux')) return { virtual: 'uml' };
  if (/Control Program: KVM/.test(readText('/proc/sysinfo') ?? '')) return { virtual: 'kvm' };
  // The flag says that there is a hypervisor and not which.
  return /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo) ? { virtual: 'virtual' } : undefined;
}

function dmi({ readText }: Pick<GrainSource, 'readText'>, file: string): string {
  return readText(`/sys/class/dmi/id/${file}`)?.trim() ?? '';
}
