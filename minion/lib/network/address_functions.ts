import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Text, TextList } from '../../../shared/plugin/args.ts';
import {
  addressCount,
  broadcastOf,
  compareIps,
  formatIp,
  formatNetwork,
  type IpAddress,
  type IpNetwork,
  isLoopback,
  isPrivate,
  netmaskOf,
  networkContains,
  parseIp,
  parseNetwork,
} from '../../../shared/render/net/ip_network.ts';
import { fn } from '../../context.ts';

/** The functions of the network module that only calculate. */

const Ip = v.pipe(
  Text,
  v.transform(parseIp),
  v.check((ip) => ip !== undefined, 'must be an IP address'),
  v.transform((ip) => ip as IpAddress),
);

export const addressFunctions = {
  is_private: fn({
    summary: 'Tell whether an address is private.',
    args: { ip_addr: Ip },
    examples: ["salt '*' network.is_private 10.0.0.3"],
    reads: true,
    run: (_context, { ip_addr }) => isPrivate(ip_addr),
  }),
  is_loopback: fn({
    summary: 'Tell whether an address is a loopback address.',
    args: { ip_addr: Ip },
    examples: ["salt '*' network.is_loopback 127.0.0.1"],
    reads: true,
    run: (_context, { ip_addr }) => isLoopback(ip_addr),
  }),
  reverse_ip: fn({
    summary: 'Return the name under which DNS knows an address.',
    args: { ip_addr: Ip },
    examples: ["salt '*' network.reverse_ip 172.17.0.4"],
    reads: true,
    run: (_context, { ip_addr }) => reversePointer(ip_addr),
  }),
  iphexval: fn({
    summary: 'Return an IPv4 address in hexadecimal digits.',
    args: { ip: Ip },
    examples: ["salt '*' network.iphexval 10.0.0.1"],
    reads: true,
    run: (_context, { ip }) => ip.value.toString(16).toUpperCase().padStart(8, '0'),
  }),
  ip_in_subnet: fn({
    summary: 'Tell whether an address is in a subnet; of a comma-separated list, whether any is.',
    args: { ip_addr: TextList, cidr: Text },
    examples: ["salt '*' network.ip_in_subnet 172.17.0.4 172.16.0.0/12"],
    reads: true,
    run: (_context, { ip_addr, cidr }) => anyInSubnet(ip_addr, cidr),
  }),
  convert_cidr: fn({
    summary: 'Return the network address, netmask and broadcast address of a subnet.',
    args: { cidr: Text },
    examples: ["salt '*' network.convert_cidr 172.31.0.0/16"],
    reads: true,
    run(_context, { cidr }) {
      const network = networkOf(cidr);
      return { network: formatIp(network), netmask: netmaskOf(network), broadcast: broadcastOf(network) };
    },
  }),
  calc_net: fn({
    summary: 'Return the subnet of an address, given its netmask or prefix.',
    args: { ip_addr: Text, netmask: v.optional(Text) },
    examples: ["salt '*' network.calc_net 172.17.0.5 255.255.255.240", "salt '*' network.calc_net 172.17.0.5/28"],
    reads: true,
    run: (_context, { ip_addr, netmask }) =>
      formatNetwork(networkOf(netmask === undefined ? ip_addr : `${ip_addr}/${netmask}`)),
  }),
};

function networkOf(text: string): IpNetwork {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new FleetError('ARGS_INVALID', `'${text}' is not an IPv4 or IPv6 network`, { hint: 'write it as 10.0.0.0/8' });
}

/** False for a subnet that is none, or that has bits set beyond its prefix, as in Salt. */
export function anyInSubnet(addresses: readonly string[], cidr: string): boolean {
  const network = parseNetwork(cidr, { strict: true });
  if (network === undefined) return false;
  return addresses.map(parseIp).some((ip) => ip !== undefined && networkContains(network, ip));
}

function reversePointer(ip: IpAddress): string {
  if (ip.version === 4) return `${formatIp(ip).split('.').reverse().join('.')}.in-addr.arpa`;
  return `${ip.value.toString(16).padStart(32, '0').split('').reverse().join('.')}.ip6.arpa`;
}

/** Each once, by number. */
export function sortedAddresses(addresses: readonly string[], includeLoopback: boolean): string[] {
  const parsed = addresses.map(parseIp).filter((ip): ip is IpAddress => ip !== undefined);
  const wanted = parsed.filter((ip) => includeLoopback || !isLoopback(ip));
  return [...new Set(wanted.sort(compareIps).map(formatIp))];
}

/** Each once, by number. `texts` are addresses with a prefix or netmask. */
export function sortedNetworks(texts: readonly string[], includeLoopback: boolean): IpNetwork[] {
  const parsed = texts.map((text) => parseNetwork(text)).filter((network) => network !== undefined);
  const wanted = parsed.filter((network) => includeLoopback || !isLoopback(network));
  const byText = new Map(wanted.sort(compareNetworks).map((network) => [formatNetwork(network), network]));
  return [...byText.values()];
}

function compareNetworks(a: IpNetwork, b: IpNetwork): number {
  return compareIps(a, b) || a.prefixLength - b.prefixLength;
}

/** What `ip_networks verbose=True` says of a network. */
export function networkDetails(network: IpNetwork): Record<string, unknown> {
  const count = addressCount(network);
  return {
    address: formatIp(network),
    netmask: netmaskOf(network),
    // A double cannot count the addresses of an IPv6 network exactly.
    num_addresses: count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : String(count),
    prefixlen: network.prefixLength,
  };
}
