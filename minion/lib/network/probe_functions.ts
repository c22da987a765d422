import { isIP, isIPv4, isIPv6 } from 'node:net';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Integer, Real, Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import { fn, type MinionContext } from '../../context.ts';
import type { Resolver } from '../resolver.ts';
import { broadcast, reachesByTcp, reachesByUdp } from './probe.ts';

/** The functions of the network module that send something. */

/** A name or address; a hyphen in front would be an option of the program it is given to. */
const Host = v.pipe(Text, v.regex(/^[A-Za-z0-9:_][A-Za-z0-9.:_%-]*$/, 'must be a host name or address'));
const Port = v.pipe(Integer, v.minValue(1, 'must be 1 to 65535'), v.maxValue(65535, 'must be 1 to 65535'));
const CONNECT_TIMEOUT_SECONDS = 5;

export function probeFunctions(resolver: Resolver) {
  return { ...programFunctions, ...socketFunctions(resolver) };
}

const programFunctions = {
  ping: fn({
    summary: 'Ping a host four times.',
    args: {
      host: Host,
      timeout: v.optional(v.union([v.literal(false), Real]), false),
      return_boolean: v.optional(Flag, false),
    },
    returns: 'what ping printed, or with return_boolean=True whether it was answered. The timeout is in seconds.',
    examples: [
      "salt '*' network.ping archlinux.org",
      "salt '*' network.ping archlinux.org return_boolean=True",
      "salt '*' network.ping archlinux.org timeout=3",
    ],
    reads: true,
    async run({ exec }, { host, timeout, return_boolean }) {
      const wait = timeout === false ? [] : ['-W', String(timeout)];
      const { stdout, retcode } = await exec(['ping', ...wait, '-c', '4', host], { mergeStderr: true });
      return return_boolean ? retcode === 0 : stdout.trimEnd();
    },
  }),
  traceroute: fn({
    summary: 'Trace the route to a host.',
    args: { host: Host },
    returns: 'a list of hops with count, hostname, ip and the times ms1, ms2 and ms3.',
    examples: ["salt '*' network.traceroute archlinux.org"],
    reads: true,
    run: async ({ exec }, { host }) => parseTraceroute((await exec(['traceroute', host])).stdout),
  }),
  dig: fn({
    summary: 'Look a name up in DNS with dig.',
    args: { host: Host },
    examples: ["salt '*' network.dig archlinux.org"],
    reads: true,
    run: async ({ exec }, { host }) => (await exec(['dig', host], { mergeStderr: true })).stdout.trimEnd(),
  }),
  get_route: fn({
    summary: 'Return the route to an address.',
    args: {
      ip: v.pipe(
        Text,
        v.check((text) => isIP(text) !== 0, 'must be an IP address'),
      ),
    },
    returns: 'destination, gateway, interface and source.',
    examples: ["salt '*' network.get_route 10.10.10.10"],
    reads: true,
    run: (context, { ip }) => routeTo(context, ip),
  }),
};

function socketFunctions(resolver: Resolver) {
  return {
    connect: fn({
      summary: 'Try whether a port of a host can be reached.',
      description: 'Takes proto= (tcp or udp), timeout= in seconds (5) and family= (ipv4 or ipv6).',
      args: { host: Host, port: Port },
      varkw: true,
      returns: 'result and comment.',
      examples: [
        "salt '*' network.connect archlinux.org 80",
        "salt '*' network.connect archlinux.org 80 timeout=3 family=ipv4",
        "salt '*' network.connect dns.example.com port=53 proto=udp timeout=3",
      ],
      reads: true,
      run: (context, { host, port }, { kwargs }) => tryConnect(context, resolver, { host, port, kwargs }),
    }),
    wol: fn({
      summary: 'Send a Wake-on-LAN packet.',
      args: { mac: Text, bcast: v.optional(Host, '255.255.255.255'), destport: v.optional(Port, 9) },
      returns: '``True``.',
      examples: ["salt '*' network.wol 08-00-27-13-69-77", "salt '*' network.wol 080027136977 255.255.255.255 7"],
      async run(_context, { mac, bcast, destport }) {
        const address = macBytes(mac);
        const packet = Buffer.concat([Buffer.alloc(6, 0xff), ...Array<Buffer>(16).fill(address)]);
        const problem = await broadcast(packet, bcast, destport);
        if (problem === undefined) return true;
        throw new FleetError('COMMAND_FAILED', `the packet could not be sent to ${bcast}: ${problem.message}`);
      },
    }),
  };
}

async function routeTo({ exec }: MinionContext, ip: string): Promise<Record<string, string | null>> {
  const { stdout, stderr, retcode } = await exec(['ip', 'route', 'get', ip]);
  const value = (word: string) => new RegExp(`\\b${word}\\s+(\\S+)`).exec(stdout)?.[1] ?? null;
  if (retcode !== 0) throw new FleetError('COMMAND_FAILED', `there is no route to ${ip}: ${stderr.trim()}`);
  return { destination: ip, gateway: value('via'), interface: value('dev'), source: value('src') };
}

interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

async function tryConnect(
  { clock }: MinionContext,
  resolver: Resolver,
  { host, port, kwargs }: ConnectOptions,
): Promise<{ result: boolean; comment: string }> {
  const proto = kwargs.proto === 'udp' ? 'udp' : 'tcp';
  const isWanted = kwargs.family === 'ipv4' ? isIPv4 : kwargs.family === 'ipv6' ? isIPv6 : isIP;
  const seconds = Number(kwargs.timeout ?? CONNECT_TIMEOUT_SECONDS);
  if (!(seconds > 0))
    throw new FleetError('ARGS_INVALID', `timeout must be a number of seconds, not ${pyStr(kwargs.timeout)}`);
  const addresses = isIP(host) === 0 ? await resolver.addresses(host) : [host];
  const address = addresses.find((found) => isWanted(found));
  if (address === undefined) {
    return { result: false, comment: `Unable to resolve host ${host} on ${proto} port ${port}` };
  }
  const target = { address, port, timeoutMs: seconds * 1000 };
  const result = proto === 'udp' ? await reachesByUdp(target, clock) : await reachesByTcp(target);
  const done = result ? 'Successfully connected' : 'Unable to connect';
  return { result, comment: `${done} to ${host} (${address}) on ${proto} port ${port}` };
}

/** Lines such as ` 2  gw.example.com (192.0.2.1)  0.5 ms  0.6 ms *`; the first line is a heading. */
function parseTraceroute(text: string): Record<string, unknown>[] {
  const hops: Record<string, unknown>[] = [];
  for (const line of text.split('\n')) {
    const [, count, rest = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (count === undefined) continue;
    const [, hostname = '*', ip] = /^(\S+) \(([^)]+)\)/.exec(rest) ?? [];
    const times = [...rest.matchAll(/([\d.]+) ms/g)].map(([, ms], index) => [`ms${index + 1}`, Number(ms)] as const);
    hops.push({ count: Number(count), hostname, ...(ip !== undefined && { ip }), ...Object.fromEntries(times) });
  }
  return hops;
}

function macBytes(mac: string): Buffer {
  const digits = mac.replace(/[:.-]/g, '');
  if (/^[0-9a-fA-F]{12}$/.test(digits)) return Buffer.from(digits, 'hex');
  throw new FleetError('ARGS_INVALID', `'${mac}' is not a hardware address`, { hint: 'write it as 08:00:27:13:69:77' });
}
