import { endianness } from 'node:os';
import { formatIp } from '../../shared/render/net/ip_network.ts';
import { columns, type FileRoot } from './file_root.ts';

/** What Linux says of routes, neighbours and sockets in /proc/net. */

export interface Route {
  readonly addr_family: 'inet' | 'inet6';
  readonly destination: string;
  readonly gateway: string;
  /** Empty for IPv6. */
  readonly netmask: string;
  /** As netstat prints them: U is up, G has a gateway, H is a host. */
  readonly flags: string;
  readonly interface: string;
}

export interface Socket {
  readonly proto: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: string;
  readonly sendQueue: number;
  readonly receiveQueue: number;
  readonly uid: string;
  readonly inode: string;
}

const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_HOST = 0x4;
const RTF_REJECT = 0x200;

/** States of linux/tcp_states.h in their order, from 1. */
const TCP_STATES =
  'ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING'.split(' ');

/** By rising metric, so that of two default routes the first is the one in use. */
export function readIp4Routes(files: FileRoot): Route[] {
  return columns(files.readText('/proc/net/route'))
    .slice(1)
    .sort((a, b) => Number(a[6]) - Number(b[6]))
    .flatMap(([name = '', destination = '', gateway = '', flags = '', , , , netmask = '']) => {
      const bits = Number.parseInt(flags, 16);
      if ((bits & RTF_UP) === 0 || (bits & RTF_REJECT) !== 0) return [];
      const addresses = { destination: hexIp(destination), gateway: hexIp(gateway), netmask: hexIp(netmask) };
      return [{ addr_family: 'inet', ...addresses, flags: flagText(bits), interface: name } as const];
    });
}

/** By rising metric. */
export function readIp6Routes(files: FileRoot): Route[] {
  const rows = columns(files.readText('/proc/net/ipv6_route'));
  const metric = (row: readonly string[]) => Number.parseInt(row[5] ?? '', 16);
  return rows
    .sort((a, b) => metric(a) - metric(b))
    .flatMap(([destination = '', prefix = '', , , gateway = '', , , , flags = '', name = '']) => {
      const bits = Number.parseInt(flags, 16);
      if ((bits & RTF_UP) === 0 || (bits & RTF_REJECT) !== 0) return [];
      return [
        {
          addr_family: 'inet6',
          destination: `${formatIp({ version: 6, value: BigInt(`0x${destination}`) })}/${Number.parseInt(prefix, 16)}`,
          gateway: formatIp({ version: 6, value: BigInt(`0x${gateway}`) }),
          netmask: '',
          flags: flagText(bits),
          interface: name,
        } as const,
      ];
    });
}

/** In both families this is how a default route is written. */
export function isDefaultRoute({ destination, netmask }: Route): boolean {
  return destination === '::/0' || (destination === '0.0.0.0' && netmask === '0.0.0.0');
}

function flagText(bits: number): string {
  return `U${(bits & RTF_GATEWAY) === 0 ? '' : 'G'}${(bits & RTF_HOST) === 0 ? '' : 'H'}`;
}

/** Hardware address to IP address. */
export function readArp(files: FileRoot): Record<string, string> {
  const rows = columns(files.readText('/proc/net/arp')).slice(1);
  return Object.fromEntries(
    rows.flatMap(([ip, , , mac]) => (ip === undefined || mac === undefined ? [] : [[mac, ip]])),
  );
}

/** All TCP and UDP sockets. The table may have many thousand rows. */
export async function readSockets(files: FileRoot, protos: readonly Socket['proto'][]): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (const proto of protos) {
    const rows = columns(await files.read(`/proc/net/${proto}`)).slice(1);
    for (const row of rows) sockets.push(parseSocket(proto, row));
  }
  return sockets;
}

function parseSocket(proto: Socket['proto'], row: readonly string[]): Socket {
  const [, local = '', remote = '', state = '', queues = '', , , uid = '', , inode = ''] = row;
  const [localAddress, localPort] = parseEndpoint(local);
  const [remoteAddress, remotePort] = parseEndpoint(remote);
  const [send = '', receive = ''] = queues.split(':');
  return {
    proto,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    state: TCP_STATES[Number.parseInt(state, 16) - 1] ?? 'UNKNOWN',
    sendQueue: Number.parseInt(send, 16),
    receiveQueue: Number.parseInt(receive, 16),
    uid,
    inode,
  };
}

function parseEndpoint(text: string): [address: string, port: number] {
  const [address = '', port = ''] = text.split(':');
  return [hexIp(address), Number.parseInt(port, 16)];
}

const MAPPED = 0xffffn;

function hexIp(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const value = BigInt(`0x${words.map(networkOrder).join('')}`);
  if (words.length === 1) return formatIp({ version: 4, value });
  const isMapped = value >> 32n === MAPPED;
  return formatIp(isMapped ? { version: 4, value: value & 0xffffffffn } : { version: 6, value });
}

/** The kernel prints each 32 bit word as a number of its own byte order. */
function networkOrder(word: string): string {
  return endianness() === 'LE' ? (word.match(/../g) ?? []).reverse().join('') : word;
}
