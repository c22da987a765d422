import { compareIps, formatIp, type IpAddress, parseIp } from '../../shared/render/net/ip_network.ts';
import { defineGrains, type GrainSource } from '../grains.ts';
import { type Interface, ip4Addresses, readInterfaces } from '../lib/interfaces.ts';
import { isDefaultRoute, type Route, readIp4Routes, readIp6Routes } from '../lib/proc_net.ts';

export default defineGrains({
  summary: 'Network interfaces, addresses and gateways.',
  collect(source) {
    const interfaces = readInterfaces(source, source.platform.interfaces);
    const each = <T>(take: (link: Interface) => T) =>
      Object.fromEntries(Object.entries(interfaces).map(([name, link]) => [name, take(link)]));
    const ip4 = (link: Interface) => ip4Addresses(link).map(({ address }) => address);
    const ip6 = ({ inet6 = [] }: Interface) => inet6.map(({ address }) => address);
    const withHwaddr = Object.entries(interfaces).filter(([, { hwaddr }]) => hwaddr !== undefined);
    return {
      ip_interfaces: each((link) => [...ip4(link), ...ip6(link)]),
      ip4_interfaces: each(ip4),
      ip6_interfaces: each(ip6),
      hwaddr_interfaces: Object.fromEntries(withHwaddr.map(([name, { hwaddr }]) => [name, hwaddr])),
      ipv4: sorted(Object.values(interfaces).flatMap(ip4)),
      ipv6: sorted(Object.values(interfaces).flatMap(ip6)),
      ...gateways(source),
    };
  },
});

function sorted(addresses: readonly string[]): string[] {
  const parsed = addresses.map(parseIp).filter((ip): ip is IpAddress => ip !== undefined);
  return [...new Set(parsed.sort(compareIps).map(formatIp))];
}

function gateways(source: GrainSource): Record<string, unknown> {
  if (!source.exists('/proc/net/route')) return {};
  const ip4 = gateway(readIp4Routes(source));
  const ip6 = gateway(readIp6Routes(source));
  return { ip4_gw: ip4, ip6_gw: ip6, ip_gw: ip4 !== false || ip6 !== false };
}

/** The address; true for a default route without one, such as that of a tunnel. */
function gateway(routes: readonly Route[]): string | boolean {
  const route = routes.find(isDefaultRoute);
  if (route === undefined) return false;
  return route.flags.includes('G') ? route.gateway : true;
}
