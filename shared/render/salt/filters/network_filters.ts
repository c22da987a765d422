import {
  addressCount,
  formatIp,
  formatNetwork,
  type IpAddress,
  type IpNetwork,
  isLoopback,
  isPrivate,
  networkContains,
  parseIp,
  parseNetwork,
} from '../../net/ip_network.ts';
import { toList } from '../../values/iteration.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { normalInt } from '../../values/py_int.ts';
import { PyIterator } from '../../values/py_iterator.ts';
import type { Value } from '../../values/py_object.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isText, pyStr, textOf, typeName } from '../../values/text.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';

const options = { options: null };

/** IP addresses and networks. */
export const networkFilters: readonly NamedFilter[] = [
  pureFilter('is_ip', ['ip_addr'], options, (value, wanted) => check(value, undefined, wanted) !== undefined),
  pureFilter('is_ipv4', ['ip_addr'], options, (value, wanted) => check(value, 4, wanted) !== undefined),
  pureFilter('is_ipv6', ['ip_addr'], options, (value, wanted) => check(value, 6, wanted) !== undefined),
  pureFilter('ipaddr', ['value'], options, (value, wanted) => filterAddresses(value, undefined, wanted)),
  pureFilter('ipv4', ['value'], options, (value, wanted) => filterAddresses(value, 4, wanted)),
  pureFilter('ipv6', ['value'], options, (value, wanted) => filterAddresses(value, 6, wanted)),
  eachAddress('ip_host', (text) => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)),
  eachAddress('network_hosts', (text) => hostsOf(networkOf(text))),
  eachAddress('network_size', (text) => normalInt(addressCount(networkOf(text)))),
  pureFilter('ipwrap', ['value'], {}, (value) => (isSequence(value) ? toList(value).map(wrapIpv6) : wrapIpv6(value))),
  pureFilter('filter_by_networks', ['values', 'networks'], {}, filterByNetworks),
];

type Version = 4 | 6 | undefined;

interface Interface {
  readonly ip: IpAddress;
  /** `10.0.0.1` or `10.0.0.1/24`, in canonical form. */
  readonly text: string;
}

/** An address, alone or with a prefix length or netmask. */
function parseInterface(value: Value): Interface | undefined {
  if (!isText(value)) return undefined;
  const text = textOf(value);
  const ip = parseIp(text);
  if (ip !== undefined) return { ip, text: formatIp(ip) };
  const network = parseNetwork(text);
  const host = parseIp(text.split('/', 1)[0] as string);
  if (network === undefined || host === undefined) return undefined;
  return { ip: host, text: `${formatIp(host)}/${network.prefixLength}` };
}

type Question = (ip: IpAddress) => boolean;

const inAny = (...networks: readonly string[]): Question => {
  const parsed = networks.map((network) => parseNetwork(network) as IpNetwork);
  return (ip) => parsed.some((network) => networkContains(network, ip));
};

const isLinkLocal = inAny('169.254.0.0/16', 'fe80::/10');
const isSiteLocal = inAny('fec0::/10');
const isPublic: Question = (ip) => !isPrivate(ip);

const questions: ReadonlyMap<string, Question> = new Map(
  Object.entries<Question>({
    global: isPublic,
    public: isPublic,
    private: isPrivate,
    'link-local': isLinkLocal,
    link_local: isLinkLocal,
    linklocal: isLinkLocal,
    ll: isLinkLocal,
    loopback: isLoopback,
    lo: isLoopback,
    multicast: inAny('224.0.0.0/4', 'ff00::/8'),
    reserved: inAny(
      '240.0.0.0/4',
      '::/8',
      '100::/8',
      '200::/7',
      '400::/6',
      '800::/5',
      '1000::/4',
      '4000::/3',
      '6000::/3',
      '8000::/3',
      'a000::/3',
      'c000::/3',
      'e000::/4',
      'f000::/5',
      'f800::/6',
      'fe00::/9',
    ),
    'site-local': isSiteLocal,
    site_local: isSiteLocal,
    sl: isSiteLocal,
    unspecified: inAny('0.0.0.0/32', '::/128'),
  }),
);

/** The canonical text of an address that has the version and all the qualities asked for. Unknown qualities ask nothing. */
function check(value: Value, version: Version, wanted: Value): string | undefined {
  const found = parseInterface(value);
  if (found === undefined || (version !== undefined && found.ip.version !== version)) return undefined;
  const names = wanted === null ? [] : pyStr(wanted).split(',');
  const asked = names.flatMap((name) => questions.get(name.trim()) ?? []);
  return asked.every((question) => question(found.ip)) ? found.text : undefined;
}

function isSequence(value: Value): boolean {
  return Array.isArray(value) || value instanceof PyTuple || value instanceof PyIterator;
}

/** IPv4 addresses come before IPv6 ones. */
function filterAddresses(value: Value, version: Version, wanted: Value): Value {
  if (!isSequence(value)) return check(value, version, wanted) ?? null;
  const items = toList(value);
  const versions: readonly Version[] = version === undefined ? [4, 6] : [version];
  return versions.flatMap((each) => items.flatMap((item) => check(item, each, wanted) ?? []));
}

/** A filter that turns each valid address of its value into something; None when there is none. */
function eachAddress(name: string, convert: (text: string) => Value): NamedFilter {
  return pureFilter(name, ['value'], { options: null, version: null }, (value, wanted, version) => {
    const found = filterAddresses(value, version === 4 || version === 6 ? version : undefined, wanted);
    if (Array.isArray(found)) return found.length === 0 ? null : found.map((text) => convert(pyStr(text)));
    return found === null ? null : convert(pyStr(found));
  });
}

function networkOf(text: string): IpNetwork {
  return parseNetwork(text) as IpNetwork;
}

/** More hosts than any template can use. */
const HOSTS_MAX = 1_048_576n;

/** All addresses but those of the network itself and of its broadcast, as Python counts them. */
function hostsOf(network: IpNetwork): Value[] {
  const count = addressCount(network);
  if (count > HOSTS_MAX) {
    throw new PyError('LimitError', `${formatNetwork(network)} has more than ${HOSTS_MAX} hosts`);
  }
  const first = count > 2n ? 1n : 0n;
  const last = count > 2n && network.version === 4 ? count - 1n : count;
  const hosts: Value[] = [];
  for (let offset = first; offset < last; offset += 1n) {
    hosts.push(formatIp({ version: network.version, value: network.value + offset }));
  }
  return hosts;
}

/** An IPv6 address in brackets, as URLs want it; all else as it is. */
function wrapIpv6(value: Value): Value {
  if (!isText(value)) return value;
  const [address = '', ...prefix] = textOf(value).split('/');
  const ip = parseIp(address);
  return ip?.version === 6 ? [`[${formatIp(ip)}]`, ...prefix].join('/') : value;
}

function filterByNetworks(values: Value, networks: Value): Value {
  if (networks === null) return values;
  const parsed = toList(networks).map(requireNetwork);
  const filter = (ips: Value) =>
    toList(ips).flatMap((ip) => parsed.flatMap((network) => (networkContains(network, requireIp(ip)) ? [ip] : [])));
  if (values instanceof PyDict) {
    return new PyDict([...values.entries()].map(([key, ips]): [Value, Value] => [key, filter(ips)]));
  }
  if (isSequence(values)) return filter(values);
  throw new PyError('ValueError', `Do not know how to filter a <class '${typeName(values)}'>`);
}

function requireNetwork(value: Value): IpNetwork {
  const network = parseNetwork(pyStr(value), { strict: true });
  if (network !== undefined) return network;
  throw new PyError('ValueError', `'${pyStr(value)}' does not appear to be an IPv4 or IPv6 network`);
}

function requireIp(value: Value): IpAddress {
  const ip = parseIp(pyStr(value));
  if (ip !== undefined) return ip;
  throw new PyError('ValueError', `'${pyStr(value)}' does not appear to be an IPv4 or IPv6 address`);
}
