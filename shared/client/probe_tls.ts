import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { systemErrorCode } from '../errors.ts';

/** What a port shows to a client that sends nothing but the beginning of TLS. */
export interface TlsProbe {
  readonly host: string;
  readonly port: number;
  /** What the name stands for; empty when it was not found. */
  readonly addresses: readonly string[];
  readonly failure?: {
    /** How far it came: the name, the connection, or TLS on it. */
    readonly step: 'lookup' | 'connect' | 'tls';
    /** Of the system or of Node, such as ECONNREFUSED; ETIMEDOUT when nothing was heard in time. */
    readonly code: string;
  };
  /** Of whoever answered. */
  readonly certPem?: string;
  /** Of the authority above it, when that is shown too. */
  readonly authorityPem?: string;
}

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'after'>;
}

/** Looks the name up, connects, and notes the certificates that are shown, whatever they are worth. Never throws. */
export async function probeTls(options: ProbeOptions): Promise<TlsProbe> {
  const { host, port } = options;
  const found = await lookUp(options);
  if (typeof found === 'string') return { host, port, addresses: [], failure: { step: 'lookup', code: found } };
  return { host, port, addresses: found, ...(await shakeHands(options)) };
}

async function lookUp({ host, timeoutMs, clock }: ProbeOptions): Promise<readonly string[] | string> {
  const late = new Promise<string>((resolve) => clock.after(timeoutMs, () => resolve('ETIMEDOUT')));
  const found = lookup(host, { all: true }).then(
    (addresses) => addresses.map(({ address }) => address),
    (error: unknown) => systemErrorCode(error) ?? String(error),
  );
  return Promise.race([found, late]);
}

type Handshake = Pick<TlsProbe, 'failure' | 'certPem' | 'authorityPem'>;

function shakeHands({ host, port, servername, timeoutMs, clock }: ProbeOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    let step: 'connect' | 'tls' = 'connect';
    const socket = connect({ host, port, servername, rejectUnauthorized: false });
    const end = (shown: Handshake): void => {
      timer.stop();
      socket.destroy();
      resolve(shown);
    };
    const fail = (code: string): void => end({ failure: { step, code } });
    const timer = clock.after(timeoutMs, () => fail('ETIMEDOUT'));
    socket.once('connect', () => {
      step = 'tls';
    });
    socket.once('secureConnect', () => end(shownBy(socket)));
    socket.on('error', (error) => fail(systemErrorCode(error) ?? error.message));
    socket.once('close', () => fail('ECONNRESET'));
  });
}

function shownBy(socket: TLSSocket): Handshake {
  const leaf = socket.getPeerCertificate(true);
  const issuer = leaf.issuerCertificate as DetailedPeerCertificate | undefined;
  const hasIssuer = issuer?.raw !== undefined && !issuer.raw.equals(leaf.raw);
  return {
    ...(leaf.raw !== undefined && { certPem: pemOf(leaf) }),
    ...(hasIssuer && { authorityPem: pemOf(issuer) }),
  };
}

function pemOf({ raw }: DetailedPeerCertificate): string {
  return new X509Certificate(raw).toString();
}
