import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 or IPv6 address as a number of 32 or 128 bits. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** A network, or one address when the prefix is as long as the address. */
export interface IpNetwork extends IpAddress {
  readonly prefixLength: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Undefined when the text is not an address. A zone (`fe80::1%eth0`) is ignored. */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { version: 4, value: ip4Value(text) };
  return isIPv6(text) ? { version: 6, value: ip6Value(text.split('%', 1)[0] as string) } : undefined;
}

function ip4Value(text: string): bigint {
  return text.split('.').reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function ip6Value(text: string): bigint {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const hex = tail === null ? text : `${tail[1]}${hexGroups(ip4Value(tail[2] as string), 2).join(':')}`;
  const [left = '', right] = hex.split('::');
  const head = left === '' ? [] : left.split(':');
  const rest = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? [] : Array<string>(8 - head.length - rest.length).fill('0');
  return [...head, ...zeros, ...rest].reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

function hexGroups(value: bigint, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    ((value >> BigInt(16 * (count - 1 - index))) & 0xffffn).toString(16),
  );
}

/** The canonical text (RFC 5952 for IPv6). */
export function formatIp({ version, value }: IpAddress): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const text = hexGroups(value, 8).join(':');
  const zeros = [...text.matchAll(/\b0(?::0)+\b/g)].map(([run]) => run).sort((a, b) => b.length - a.length)[0];
  if (zeros === undefined) return text;
  return text.replace(new RegExp(`(^|:)${zeros}(:|$)`), '::');
}

/**
 * `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`, or an address alone. Bits beyond the prefix are cleared; when `strict`
 * they make the text invalid, as in Python's ip_network. Undefined when it is not a network.
 */
export function parseNetwork(text: string, { strict = false } = {}): IpNetwork | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0) return undefined;
  const prefixLength = prefix === undefined ? BITS[ip.version] : parsePrefix(prefix, ip.version);
  if (prefixLength === undefined) return undefined;
  const hostBits = BigInt(BITS[ip.version] - prefixLength);
  const value = (ip.value >> hostBits) << hostBits;
  return strict && value !== ip.value ? undefined : { version: ip.version, value, prefixLength };
}

function parsePrefix(text: string, version: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= BITS[version] ? Number(text) : undefined;
  return version === 4 && isIPv4(text) ? netmaskLength(text) : undefined;
}

/** `255.255.255.0` is 24; undefined when the ones are not all in front. */
export function netmaskLength(netmask: string): number | undefined {
  const bits = ip4Value(netmask).toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

export function formatNetwork(network: IpNetwork): string {
  return `${formatIp(network)}/${network.prefixLength}`;
}

export function netmaskOf({ version, prefixLength }: IpNetwork): string {
  const hostBits = BigInt(BITS[version] - prefixLength);
  const all = (1n << BigInt(BITS[version])) - 1n;
  return formatIp({ version, value: (all >> hostBits) << hostBits });
}

/** The last address of the network. */
export function broadcastOf(network: IpNetwork): string {
  return formatIp({ version: network.version, value: network.value + addressCount(network) - 1n });
}

export function addressCount({ version, prefixLength }: IpNetwork): bigint {
  return 1n << BigInt(BITS[version] - prefixLength);
}

export function networkContains(network: IpNetwork, { version, value }: IpAddress): boolean {
  if (network.version !== version) return false;
  const hostBits = BigInt(BITS[version] - network.prefixLength);
  return value >> hostBits === network.value >> hostBits;
}

/** Sorts IPv4 before IPv6, then by number. */
export function compareIps(a: IpAddress, b: IpAddress): number {
  if (a.version !== b.version) return a.version - b.version;
  return a.value < b.value ? -1 : Number(a.value > b.value);
}

export const isLoopback = isInAny('127.0.0.0/8 ::1/128');

/** What Python's ipaddress calls private: RFC 1918 and 4193, and the other blocks that are not globally reachable. */
export const isPrivate = isInAny(
  '0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.0.170/31 192.0.2.0/24',
  '192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4',
  '::/127 ::ffff:0:0/96 100::/64 2001::/23 2001:db8::/32 fc00::/7 fe80::/10',
);

/** Read at the first question: Node's check of IPv6 takes milliseconds to compile, which most commands never need. */
function isInAny(...lines: readonly string[]): (ip: IpAddress) => boolean {
  let networks: readonly IpNetwork[] | undefined;
  return (ip) => {
    networks ??= lines.flatMap((line) => line.split(' ')).map((text) => parseNetwork(text) as IpNetwork);
    return networks.some((network) => networkContains(network, ip));
  };
}
