import { isIPv4, isIPv6 } from 'node:net';
import { sleep } from '../../shared/clock.ts';
import { defineGrains, type GrainSource } from '../grains.ts';
import { type HostLine, parseHosts } from '../lib/hosts_file.ts';

/** A name server that does not answer must not hold up the start. */
const LOOKUP_TIMEOUT_MS = 1000;

export default defineGrains({
  summary: 'Names of the machine and the addresses they resolve to.',
  async collect(source) {
    const { hostname } = source.platform;
    const hosts = parseHosts(source.readText('/etc/hosts') ?? '');
    const fqdn = await findFqdn(source, hosts);
    const [host = '', domain = ''] = fqdn.split(/\.(.*)/s);
    const addresses = await findAddresses(source, hosts, fqdn);
    return {
      localhost: hostname,
      nodename: hostname,
      host,
      domain,
      fqdn,
      fqdn_ip4: addresses.filter(isIPv4),
      fqdn_ip6: addresses.filter(isIPv6),
      fqdns: fqdnsOf(source, hosts),
    };
  },
});

/** The hosts file first: it is quick and nearly always says it. */
async function findFqdn(source: GrainSource, hosts: readonly HostLine[]): Promise<string> {
  const { hostname } = source.platform;
  if (hostname.includes('.')) return hostname;
  const isFull = (name: string | undefined): name is string => name?.startsWith(`${hostname}.`) === true;
  const entries = hosts.filter(({ names }) => names.includes(hostname));
  if (entries.length > 0) return entries.flatMap(({ names }) => names).find(isFull) ?? hostname;
  const [address] = await inTime(source, source.resolver.addresses(hostname), []);
  if (address === undefined) return hostname;
  const name = await inTime(source, source.resolver.name(address), undefined);
  return isFull(name) ? name : hostname;
}

async function findAddresses(source: GrainSource, hosts: readonly HostLine[], fqdn: string): Promise<string[]> {
  const listed = hosts.filter(({ names }) => names.includes(fqdn)).flatMap(({ ip = [] }) => ip);
  const addresses = listed.length > 0 ? listed : await inTime(source, source.resolver.addresses(fqdn), []);
  return [...new Set(addresses)];
}

/** Full names that the hosts file gives to addresses of this machine. Asking DNS for each address takes seconds. */
function fqdnsOf({ platform }: GrainSource, hosts: readonly HostLine[]): string[] {
  const own = Object.values(platform.interfaces).flatMap((addresses = []) => addresses);
  const outer = new Set(own.filter(({ internal }) => !internal).map(({ address }) => address));
  const names = hosts.filter(({ ip = '' }) => outer.has(ip)).flatMap((entry) => entry.names);
  return [...new Set(names.filter((name) => name.includes('.')))].sort();
}

async function inTime<T>({ clock }: GrainSource, answer: Promise<T>, fallback: T): Promise<T> {
  const answered = new AbortController();
  const tooLate = sleep(clock, LOOKUP_TIMEOUT_MS, answered.signal).then(() => fallback);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    answered.abort();
  }
}
