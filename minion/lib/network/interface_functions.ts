import * as v from 'valibot';
import { Flag, Text, TextList } from '../../../shared/plugin/args.ts';
import { formatNetwork, isPrivate, parseIp } from '../../../shared/render/net/ip_network.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fn, type MinionContext } from '../../context.ts';
import { fileRoot } from '../file_root.ts';
import { type Interface, ip4Addresses, readInterfaces } from '../interfaces.ts';
import type { Platform } from '../platform.ts';
import type { Resolver } from '../resolver.ts';
import { anyInSubnet, networkDetails, sortedAddresses, sortedNetworks } from './address_functions.ts';

type Interfaces = Record<string, Interface>;

const IncludeLoopback = v.optional(Flag, false);
const InterfaceGlobs = v.optional(TextList);

/** The functions of the network module that look at this machine's interfaces and names. */
export function interfaceFunctions(platform: () => Platform, resolver: Resolver) {
  const read = ({ root }: MinionContext): Interfaces => readInterfaces(fileRoot(root), platform().interfaces);
  return {
    ...oneInterface(read),
    ...manyAddresses(read),
    ...manyNetworks(read),
    ...machineNames(platform, resolver, read),
  };
}

function oneInterface(read: (context: MinionContext) => Interfaces) {
  const hwaddr = fn({
    summary: 'Return the hardware address of an interface.',
    args: { iface: Text },
    examples: ["salt '*' network.hw_addr eth0"],
    reads: true,
    run: (context, { iface }) => ofInterface(read(context), iface, (link) => link.hwaddr),
  });
  return {
    interfaces: fn({
      summary: 'Return what is known of all interfaces.',
      args: {},
      examples: ["salt '*' network.interfaces"],
      reads: true,
      run: (context) => read(context),
    }),
    hw_addr: hwaddr,
    hwaddr: { ...hwaddr, examples: ["salt '*' network.hwaddr eth0"] },
    interface: fn({
      summary: 'Return the IPv4 addresses of an interface with their netmasks.',
      args: { iface: Text },
      examples: ["salt '*' network.interface eth0"],
      reads: true,
      run: (context, { iface }) => ofInterface(read(context), iface, (link) => link.inet),
    }),
    interface_ip: fn({
      summary: 'Return the first IPv4 address of an interface.',
      args: { iface: Text },
      examples: ["salt '*' network.interface_ip eth0"],
      reads: true,
      run: (context, { iface }) => ofInterface(read(context), iface, (link) => link.inet?.[0]?.address),
    }),
    ifacestartswith: fn({
      summary: 'Return the interfaces that have an IPv4 address which begins with a text.',
      args: { cidr: Text },
      examples: ["salt '*' network.ifacestartswith 10.0"],
      reads: true,
      run: (context, { cidr }) =>
        Object.values(read(context))
          .flatMap(({ inet = [] }) => inet)
          .filter(({ address }) => address.startsWith(cidr))
          .map(({ label }) => label),
    }),
  };
}

function manyAddresses(read: (context: MinionContext) => Interfaces) {
  const ipAddrs = fn({
    summary: 'Return the IPv4 addresses of this machine.',
    args: {
      interface: InterfaceGlobs,
      include_loopback: IncludeLoopback,
      cidr: v.optional(Text),
      type: v.optional(v.picklist(['public', 'private'], 'must be public or private')),
    },
    examples: ["salt '*' network.ip_addrs", "salt '*' network.ip_addrs cidr=10.0.0.0/8"],
    reads: true,
    run(context, { interface: globs, include_loopback, cidr, type }) {
      const found = chosen(read(context), globs).flatMap(ip4Addresses);
      const addresses = inCidr(
        sortedAddresses(
          found.map(({ address }) => address),
          include_loopback,
        ),
        cidr,
      );
      if (cidr !== undefined || type === undefined) return addresses;
      return addresses.filter((address) => isPrivateText(address) === (type === 'private'));
    },
  });
  const ipAddrs6 = fn({
    summary: 'Return the IPv6 addresses of this machine.',
    args: { interface: InterfaceGlobs, include_loopback: IncludeLoopback, cidr: v.optional(Text) },
    examples: ["salt '*' network.ip_addrs6", "salt '*' network.ip_addrs6 cidr=2000::/3"],
    reads: true,
    run(context, { interface: globs, include_loopback, cidr }) {
      const found = chosen(read(context), globs).flatMap(({ inet6 = [] }) => inet6);
      return inCidr(
        sortedAddresses(
          found.map(({ address }) => address),
          include_loopback,
        ),
        cidr,
      );
    },
  });
  return {
    ip_addrs: ipAddrs,
    ipaddrs: { ...ipAddrs, examples: ["salt '*' network.ipaddrs"] },
    ip_addrs6: ipAddrs6,
    ipaddrs6: { ...ipAddrs6, examples: ["salt '*' network.ipaddrs6"] },
    in_subnet: fn({
      summary: 'Tell whether this machine has an address in a subnet.',
      args: { cidr: Text },
      examples: ["salt '*' network.in_subnet 10.0.0.0/16"],
      reads: true,
      run(context, { cidr }) {
        const links = Object.values(read(context));
        const found = links.flatMap((link) => [...ip4Addresses(link), ...(link.inet6 ?? [])]);
        return anyInSubnet(
          sortedAddresses(
            found.map(({ address }) => address),
            false,
          ),
          cidr,
        );
      },
    }),
  };
}

function manyNetworks(read: (context: MinionContext) => Interfaces) {
  const args = { interface: InterfaceGlobs, include_loopback: IncludeLoopback, verbose: v.optional(Flag, false) };
  const answer = (texts: readonly string[], includeLoopback: boolean, verbose: boolean): unknown => {
    const networks = sortedNetworks(texts, includeLoopback);
    if (!verbose) return networks.map(formatNetwork);
    return Object.fromEntries(networks.map((network) => [formatNetwork(network), networkDetails(network)]));
  };
  return {
    subnets: fn({
      summary: 'Return the IPv4 subnets that this machine is in.',
      args: { interfaces: v.optional(TextList) },
      examples: ["salt '*' network.subnets", "salt '*' network.subnets interfaces=eth1"],
      reads: true,
      run: (context, { interfaces }) => answer(chosen(read(context), interfaces).flatMap(ip4Networks), false, false),
    }),
    subnets6: fn({
      summary: 'Return the IPv6 subnets that this machine is in.',
      args: {},
      examples: ["salt '*' network.subnets6"],
      reads: true,
      run: (context) => answer(Object.values(read(context)).flatMap(ip6Networks), false, false),
    }),
    ip_networks: fn({
      summary: 'Return the IPv4 networks of this machine.',
      args,
      examples: ["salt '*' network.ip_networks", "salt '*' network.ip_networks interface=docker0,enp*"],
      reads: true,
      run: (context, { interface: globs, include_loopback, verbose }) =>
        answer(chosen(read(context), globs).flatMap(ip4Networks), include_loopback, verbose),
    }),
    ip_networks6: fn({
      summary: 'Return the IPv6 networks of this machine.',
      args,
      examples: ["salt '*' network.ip_networks6", "salt '*' network.ip_networks6 interface=eth*"],
      reads: true,
      run: (context, { interface: globs, include_loopback, verbose }) =>
        answer(chosen(read(context), globs).flatMap(ip6Networks), include_loopback, verbose),
    }),
  };
}

function machineNames(platform: () => Platform, resolver: Resolver, read: (context: MinionContext) => Interfaces) {
  return {
    get_hostname: fn({
      summary: 'Return the host name.',
      args: {},
      examples: ["salt '*' network.get_hostname"],
      reads: true,
      run: () => platform().hostname,
    }),
    get_fqdn: fn({
      summary: 'Return the fully qualified domain name.',
      args: {},
      examples: ["salt '*' network.get_fqdn"],
      reads: true,
      run: (context) => context.grains.all().fqdn ?? platform().hostname,
    }),
    fqdns: fn({
      summary: 'Return the full names that DNS knows for the addresses of this machine.',
      args: {},
      examples: ["salt '*' network.fqdns"],
      reads: true,
      async run(context) {
        const found = Object.values(read(context)).flatMap((link) => [...ip4Addresses(link), ...(link.inet6 ?? [])]);
        const addresses = sortedAddresses(
          found.map(({ address }) => address),
          false,
        );
        const names = await Promise.all(addresses.map((address) => resolver.name(address)));
        return { fqdns: [...new Set(names.filter((name) => name?.includes('.')))].sort() };
      },
    }),
  };
}

/** The value of one interface: empty when it has none, and Salt's text when there is no such interface. */
function ofInterface(interfaces: Interfaces, name: string, take: (link: Interface) => unknown): unknown {
  const link = Object.hasOwn(interfaces, name) ? interfaces[name] : undefined;
  if (link !== undefined) return take(link) ?? '';
  return `Interface "${name}" not in available interfaces: "${Object.keys(interfaces).join('", "')}"`;
}

function chosen(interfaces: Interfaces, globs: readonly string[] | undefined): Interface[] {
  const matchers = globs?.map(globMatcher);
  const names = Object.keys(interfaces).filter((name) => matchers?.some((matches) => matches(name)) ?? true);
  return names.map((name) => interfaces[name] as Interface);
}

function ip4Networks(link: Interface): string[] {
  return ip4Addresses(link).map(({ address, netmask }) => `${address}/${netmask}`);
}

function ip6Networks({ inet6 = [] }: Interface): string[] {
  return inet6.map(({ address, prefixlen }) => `${address}/${prefixlen}`);
}

function inCidr(addresses: readonly string[], cidr: string | undefined): readonly string[] {
  return cidr === undefined ? addresses : addresses.filter((address) => anyInSubnet([address], cidr));
}

function isPrivateText(address: string): boolean {
  const ip = parseIp(address);
  return ip !== undefined && isPrivate(ip);
}
