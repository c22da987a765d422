import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import * as v from 'valibot';
import { FleetError, systemErrorCode } from '../errors.ts';
import { AbsolutePath, Integer } from '../plugin/args.ts';
import { readPem } from '../plugin/read_pem.ts';
import { defineReturner, setting } from '../plugin/returner.ts';
import { toJsonLine } from '../protocol/codec.ts';

/** RFC 5424, table 2. */
const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
/** RFC 5424, table 1; the numbers are the places. */
const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

/** What fits into one datagram over IPv4. */
const UDP_BYTES_MAX = 65_507;

/** Salt writes `LOG_INFO`; the name without LOG_ is as good. */
function nameFrom<const T extends readonly [string, ...string[]]>(names: T) {
  return v.pipe(
    v.string(),
    v.transform((text) => text.replace(/^LOG_/, '').toLowerCase()),
    v.picklist(names, `must be one of ${names.join(', ')}`),
  );
}

export default defineReturner({
  summary: 'Sends each return, and each event, as a line of JSON to a syslog server (RFC 5424).',
  config: {
    host: setting(
      v.optional(v.pipe(v.string(), v.nonEmpty()), '127.0.0.1'),
      'The syslog server. For the one of this machine it must listen on the loopback: Node.js cannot write to /dev/log.',
    ),
    port: setting(
      v.optional(v.pipe(Integer, v.minValue(1), v.maxValue(65535))),
      'Its port; left out: 514, for tls 6514.',
    ),
    protocol: setting(
      v.optional(v.picklist(['tcp', 'tls', 'udp'], 'must be tcp, tls or udp'), 'tcp'),
      'tcp and tls (RFC 6587, RFC 5425) notice a server that is down. udp never does, and takes at most 65507 bytes.',
    ),
    ca_bundle: setting(v.optional(AbsolutePath), 'For tls: file of the certificates to trust, PEM.'),
    facility: setting(v.optional(nameFrom(facilities), 'user'), 'The facility, such as LOG_USER.'),
    level: setting(v.optional(nameFrom(severities), 'info'), 'The severity, such as LOG_INFO.'),
    tag: setting(
      v.optional(v.pipe(v.string(), v.regex(/^[!-~]{1,48}$/, 'must be 1 to 48 printable characters')), 'salt'),
      'Name of the application in each line.',
    ),
  },
  perJob: ['facility', 'level', 'tag'],
  async open({ host, port, protocol, ca_bundle, facility, level, tag }, deps) {
    const priority = facilities.indexOf(facility) * 8 + severities.indexOf(level);
    const target = { host, port: port ?? (protocol === 'tls' ? 6514 : 514) };
    const ca = await readPem(deps.root, 'ca_bundle', ca_bundle);
    const wire = protocol === 'udp' ? openUdp(target) : await openStream(target, protocol, ca);
    const line = (kind: string, value: unknown): Buffer => {
      const time = new Date(deps.clock.nowMs()).toISOString();
      return Buffer.concat([Buffer.from(`<${priority}>1 ${time} ${deps.id} ${tag} - ${kind} - `), toJsonLine(value)]);
    };
    return {
      store: (result) => wire.send([line('return', result)]),
      storeEvents: (events) => wire.send(events.map((event) => line('event', event))),
      close: wire.close,
    };
  },
});

interface Address {
  readonly host: string;
  readonly port: number;
}

interface Wire {
  send(messages: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

function openUdp({ host, port }: Address): Wire {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  // Each send hears of its own failure; an error with nobody to hear it would end the process.
  socket.on('error', () => undefined);
  const sendOne = (message: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(message, port, host, (error) =>
        error === null ? resolve() : reject(unreachable({ host, port }, error)),
      );
    });
  return {
    async send(messages) {
      const largest = Math.max(...messages.map((message) => message.length));
      if (largest > UDP_BYTES_MAX) {
        throw new FleetError('LIMIT_EXCEEDED', `${largest} bytes do not fit into a datagram (${UDP_BYTES_MAX} bytes)`, {
          hint: 'set protocol: tcp',
        });
      }
      for (const message of messages) await sendOne(message);
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Messages are told apart by their length (RFC 6587, 3.4.1): JSON may have any byte but a line feed, servers differ. */
async function openStream(address: Address, protocol: 'tcp' | 'tls', ca: string | undefined): Promise<Wire> {
  const servername = isIP(address.host) === 0 ? address.host : undefined;
  const socket = protocol === 'tls' ? connectTls({ ...address, servername, ca }) : connectTcp(address);
  await settled(socket, address, protocol === 'tls' ? 'secureConnect' : 'connect');
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  // A server that goes away says so here; what is written after that would be lost without an error.
  socket.on('end', () => socket.destroy()).resume();
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(unreachable(address, failure));
        const frames = messages.flatMap((message) => [Buffer.from(`${message.length} `), message]);
        socket.write(Buffer.concat(frames), (error) => (error ? reject(unreachable(address, error)) : resolve()));
      }),
    close: async () => {
      socket.end(() => socket.destroy());
    },
  };
}

function settled(socket: Socket, address: Address, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(unreachable(address, error));
    socket.once('error', fail);
    socket.once(event, () => {
      socket.off('error', fail);
      resolve();
    });
  });
}

function unreachable({ host, port }: Address, cause: unknown): FleetError {
  const why = systemErrorCode(cause) ?? 'the server closed the connection';
  return new FleetError('COMMAND_FAILED', `syslog at ${host}:${port}: ${why}`, { cause });
}
