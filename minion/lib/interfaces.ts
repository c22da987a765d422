import type { NetworkInterfaceInfo, NetworkInterfaceInfoIPv4, NetworkInterfaceInfoIPv6 } from 'node:os';
import { broadcastOf, formatNetwork, parseNetwork } from '../../shared/render/net/ip_network.ts';
import type { FileRoot } from './file_root.ts';

export interface Ip4Address {
  readonly address: string;
  readonly netmask: string;
  readonly broadcast: string | null;
  readonly label: string;
}

export interface Ip6Address {
  readonly address: string;
  readonly prefixlen: string;
  readonly scope: string;
}

/** A network interface in the shape of Salt's `network.interfaces`. */
export interface Interface {
  up: boolean;
  hwaddr?: string;
  inet?: Ip4Address[];
  inet6?: Ip6Address[];
  /** Further IPv4 addresses of a network that the interface is in already. */
  secondary?: (Ip4Address & { readonly type: 'inet' })[];
}

/** IFF_UP of linux/if.h. */
const UP = 1;

/**
 * The interfaces by name: those that the system calls list, which have an address and are up, and those that only
 * /sys knows.
 */
export function readInterfaces(
  files: FileRoot,
  listed: NodeJS.Dict<NetworkInterfaceInfo[]>,
): Record<string, Interface> {
  const result: Record<string, Interface> = {};
  const names = files.list('/sys/class/net').filter((name) => files.exists(`/sys/class/net/${name}/flags`));
  for (const name of [...names, ...Object.keys(listed).map(deviceOf)]) result[name] ??= readLink(files, name, listed);
  for (const [label, addresses = []] of Object.entries(listed)) {
    const link = result[deviceOf(label)] as Interface;
    for (const info of addresses) addAddress(link, label, info);
  }
  return result;
}

/** An IPv4 alias such as `eth0:1` is a label of its device. */
function deviceOf(label: string): string {
  return label.split(':', 1)[0] as string;
}

function readLink(files: FileRoot, name: string, listed: NodeJS.Dict<NetworkInterfaceInfo[]>): Interface {
  const flags = files.readText(`/sys/class/net/${name}/flags`);
  const hwaddr = files.readText(`/sys/class/net/${name}/address`)?.trim() ?? listed[name]?.[0]?.mac;
  const up = flags === undefined ? true : (Number(flags) & UP) !== 0;
  return { up, ...(hwaddr !== undefined && hwaddr !== '' && { hwaddr }) };
}

function addAddress(link: Interface, label: string, info: NetworkInterfaceInfo): void {
  if (info.family === 'IPv6') {
    link.inet6 ??= [];
    link.inet6.push(ip6Address(info));
    return;
  }
  const address = ip4Address(label, info);
  // The kernel makes a later address of the same network a secondary one; the system call does not say so.
  if (link.inet?.some((first) => networkOf(first) === networkOf(address))) {
    link.secondary ??= [];
    link.secondary.push({ type: 'inet', ...address });
  } else {
    link.inet ??= [];
    link.inet.push(address);
  }
}

function ip4Address(label: string, { address, netmask, internal }: NetworkInterfaceInfoIPv4): Ip4Address {
  const network = parseNetwork(`${address}/${netmask}`);
  const hasBroadcast = network !== undefined && !internal && network.prefixLength < 31;
  return { address, netmask, broadcast: hasBroadcast ? broadcastOf(network) : null, label };
}

function ip6Address({ address, cidr, internal }: NetworkInterfaceInfoIPv6): Ip6Address {
  const scope = internal ? 'host' : /^fe[89ab]/i.test(address) ? 'link' : 'global';
  return { address, prefixlen: cidr?.split('/')[1] ?? '128', scope };
}

function networkOf({ address, netmask }: Ip4Address): string {
  const network = parseNetwork(`${address}/${netmask}`);
  return network === undefined ? address : formatNetwork(network);
}

/** The addresses of one interface, secondary ones last. */
export function ip4Addresses({ inet = [], secondary = [] }: Interface): Ip4Address[] {
  return [...inet, ...secondary];
}
