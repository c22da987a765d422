import { isIPv4, isIPv6 } from 'node:net';
import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Settings of the name resolver.',
  collect({ readText }) {
    // With systemd-resolved /etc/resolv.conf names only its stub.
    const text = readText('/run/systemd/resolve/resolv.conf') ?? readText('/etc/resolv.conf');
    return text === undefined ? {} : { dns: parseResolv(text) };
  },
});

function parseResolv(text: string): Record<string, unknown> {
  const values = new Map<string, string[]>();
  const nameservers: string[] = [];
  for (const line of text.split('\n')) {
    const [directive = '', ...args] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (directive === 'nameserver') nameservers.push(...args.slice(0, 1));
    else values.set(directive, args);
  }
  const ips = nameservers.map((server) => server.split('%', 1)[0] as string);
  return {
    domain: values.get('domain')?.[0] ?? '',
    ip4_nameservers: ips.filter(isIPv4),
    ip6_nameservers: ips.filter(isIPv6),
    nameservers: ips,
    options: values.get('options') ?? [],
    search: values.get('search') ?? [],
    sortlist: values.get('sortlist') ?? [],
  };
}
