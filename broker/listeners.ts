import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { addressText } from '../shared/address_text.ts';
import type { Clock } from '../shared/clock.ts';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { createTurns } from '../shared/pace.ts';
import type { ListenerOptions, TlsKeys } from './broker_options.ts';
import { secureWhenItSpeaks } from './secure_when_it_speaks.ts';
import { checkSocketPath, removeStaleSocket } from './unix_socket.ts';

export interface Listener {
  /** `/run/x.sock` or `127.0.0.1:41234`. */
  readonly address: string;
  /** For new connections, when it is one with TLS. */
  replaceTls(keys: TlsKeys): void;
  /** Takes no more connections; resolves when the last one has ended. */
  close(): Promise<void>;
}

/**
 * Connections that wait to be accepted. Node.js accepts one in each turn of its event loop, an overloaded one 3 or 4 a second:
 * of a longer queue, all would have given up when their turn comes, and a fleet that lost its connections would not come
 * back. Whoever finds it full is not lost: TCP knocks again.
 */
const BACKLOG = 128;
/** A peer that lost power sends no FIN; clients with keep-alive 0 would stay for ever. */
const TCP_KEEPALIVE_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long after its first handshake a session is resumed. What a certificate is worth is asked at each CONNECT. */
const SESSION_SECONDS = 86_400;

/** Opens a door. `admit` sees each socket before any work is done for it, `accept` when MQTT can begin. */
export async function openListener(
  options: ListenerOptions,
  edges: {
    readonly admit: (socket: Socket, options: ListenerOptions) => boolean;
    readonly accept: (socket: Socket, options: ListenerOptions) => void;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Listener> {
  const { admit, accept, clock, log } = edges;
  checkReach(options);
  const secured = options.kind === 'tls' ? createSecuring(options, accept, log) : undefined;
  const beginning = { clock, timeoutMs: HANDSHAKE_TIMEOUT_MS, takeTurn: createTurns(1) };
  // noDelay: Nagle's algorithm would hold a PUBLISH back behind its SUBACK for 40 ms.
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS }, (socket) => {
    if (!admit(socket, options)) return;
    if (secured !== undefined) secureWhenItSpeaks(secured, socket, beginning);
    else accept(socket, options);
  });
  if (options.kind === 'unix') {
    checkSocketPath(options.path);
    await removeStaleSocket(options.path).catch((error: unknown) => {
      throw listenError(error, options);
    });
  }
  await listen(server, options);
  server.on('error', (error) => log.error('a listener failed', { address: nameOf(options), error: error.message }));
  return {
    address: options.kind === 'unix' ? options.path : socketAddress(server.address() as AddressInfo),
    replaceTls: (keys) => secured?.setSecureContext(contextOf(keys)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Nobody asks a local client who it is: such a door must not be reachable from another machine. */
function checkReach(options: ListenerOptions): void {
  if (options.kind !== 'tcp' || options.role !== 'local' || /^(localhost|127\.[\d.]+|::1)$/.test(options.host)) return;
  throw new FleetError('CONFIG_INVALID', `the local listener on ${nameOf(options)} is open to other machines`, {
    hint: 'use 127.0.0.1',
  });
}

type TlsOptions = Extract<ListenerOptions, { kind: 'tls' }>;

function createSecuring(
  options: TlsOptions,
  accept: (socket: Socket, options: ListenerOptions) => void,
  log: Logger,
): TlsServer {
  try {
    const server = createTlsServer({
      ...contextOf(options),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      // A client without a certificate may enrol; what certificates are worth is judged at CONNECT.
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket) => accept(socket, options));
    server.on('tlsClientError', (error, socket) => {
      log.debug('TLS handshake failed', { address: socket.remoteAddress, error: error.message });
      // After its timeout Node.js leaves the socket open: whoever says nothing would stay for ever.
      socket.destroy();
    });
    return server;
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `the certificate or key for ${nameOf(options)} cannot be used`, { cause });
  }
}

/** A resumed session saves both sides two fifths of a handshake: all of a fleet connects again after a restart. */
function contextOf({ keyPem, certPem, caPem, ticketKeys }: TlsKeys) {
  return {
    key: keyPem,
    cert: certPem,
    ca: caPem,
    minVersion: 'TLSv1.2',
    sessionTimeout: SESSION_SECONDS,
    ...(ticketKeys !== undefined && { ticketKeys }),
  } as const;
}

function listen(server: Server, options: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, options)));
    server.once('listening', () => {
      server.removeAllListeners('error');
      resolve();
    });
    if (options.kind === 'unix') listenWithMode(server, options);
    else server.listen({ host: options.host, port: options.port, backlog: BACKLOG });
  });
}

/** The file is created within `listen`, so it never has another mode, not even for the moment before a chmod. */
function listenWithMode(server: Server, { path, mode }: Extract<ListenerOptions, { kind: 'unix' }>): void {
  const before = process.umask(0o777 & ~mode);
  try {
    server.listen({ path, backlog: BACKLOG });
  } finally {
    process.umask(before);
  }
}

/** What the operating system says when a door cannot be opened, as something to act on. */
export function listenError(error: unknown, options: ListenerOptions): unknown {
  const name = nameOf(options);
  const fleetError = (code: 'ADDRESS_IN_USE' | 'NOT_PERMITTED' | 'CONFIG_INVALID', message: string, hint: string) =>
    new FleetError(code, message, { hint, cause: error });
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return fleetError('ADDRESS_IN_USE', `another process listens on ${name}`, 'stop it, or choose another port');
    case 'EACCES':
    case 'EPERM':
      return options.kind === 'unix'
        ? fleetError('NOT_PERMITTED', `no permission to create ${name}`, 'run as the owner of its directory')
        : fleetError('NOT_PERMITTED', `no permission to listen on ${name}`, 'choose a port above 1023');
    case 'ENOENT':
      return fleetError('CONFIG_INVALID', `the directory of ${name} does not exist`, 'create it, or change sock_dir');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fleetError('CONFIG_INVALID', `${name} is not an address of this machine`, 'change interface');
    default:
      return error;
  }
}

function socketAddress({ address, port }: AddressInfo): string {
  return addressText({ host: address, port });
}

function nameOf(options: ListenerOptions): string {
  return options.kind === 'unix' ? options.path : addressText(options);
}
