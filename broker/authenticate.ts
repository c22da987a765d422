import { isMinionId } from '../shared/ids.ts';
import type { Identity } from '../shared/protocol/access.ts';
import type { IdentityStore, ListenerOptions } from './broker_options.ts';
import type { PeerCertificate } from './peer_certificate.ts';

/** What a connection says and shows of itself. */
export interface Claim {
  /** Empty: the broker chooses. */
  readonly clientId: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Of a TLS client that sent one. */
  readonly certificate: PeerCertificate | undefined;
}

/** CONNACK: identifier rejected, server unavailable, bad user name or password, not authorised [MQTT-3.2.2-6]. */
export type RefusalCode = 2 | 3 | 4 | 5;

export type Verdict =
  | {
      readonly who: Identity;
      /** A connection takes over an earlier one of the same session; left out: it never takes over any. */
      readonly session: string | undefined;
      /** It publishes and hears nothing: another connection of that minion is the one that is there. */
      readonly onlySpeaks?: true;
    }
  | { readonly returnCode: RefusalCode; readonly reason: string };

/** Printable ASCII without space: what client libraries make up (`mosq-…`, `mqttjs_…`, `{uuid}`), and no traversal. */
const CLIENT_ID = /^(?!.*\.\.)[!-~]{1,64}$/;
/** An operator, a minion id or a fingerprint. */
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const FINGERPRINT = /^[0-9a-f]{64}$/;

/** Who this is: by its certificate, by the socket that it opened, or by name and password. Never by its word alone. */
export function authenticate(
  door: ListenerOptions,
  claim: Claim,
  identities: IdentityStore,
): Verdict | Promise<Verdict> {
  if (claim.clientId !== '' && !CLIENT_ID.test(claim.clientId)) {
    return refuse(2, 'the client id is not 1 to 64 printable ASCII characters without space and ".."');
  }
  if (claim.user !== undefined && !USER_NAME.test(claim.user)) {
    return refuse(2, 'the user name is not 1 to 64 of A-Z a-z 0-9 _ . -');
  }
  if (door.kind === 'tls') {
    if (claim.certificate !== undefined) return authenticateMinion(claim, claim.certificate, identities);
    if (claim.password === undefined) return authenticateUnenrolled(claim);
    return authenticateByPassword(claim, identities) ?? refuse(4, `wrong name or password for ${claim.user}`);
  }
  if (door.role === 'local') {
    return { who: { role: 'local', id: claim.clientId || 'anonymous' }, session: session('local', claim.clientId) };
  }
  return authenticateOperator(claim, identities, door.kind === 'unix');
}

function authenticateMinion(claim: Claim, certificate: PeerCertificate, identities: IdentityStore): Verdict {
  const { commonName, fingerprint, problem } = certificate;
  if (problem !== undefined) return refuse(5, `the certificate of ${commonName} is refused: ${problem}`);
  if (!isMinionId(commonName)) return refuse(5, 'the common name of the certificate is not a minion id');
  if (claim.clientId !== commonName) {
    return refuse(2, `the certificate is of ${commonName}, the client id is ${JSON.stringify(claim.clientId)}`);
  }
  if (claim.user !== undefined && claim.user !== commonName) {
    return refuse(4, `the certificate is of ${commonName}, the user name is ${claim.user}`);
  }
  const reason = identities.refuseMinion(commonName, fingerprint);
  if (reason !== undefined) return refuse(5, reason);
  return { who: { role: 'minion', id: commonName }, session: session('minion', commonName) };
}

/**
 * An observer or a constrained minion. Some clients of the latter cannot speak on the connection on which they hear
 * (mosquitto_sub and mosquitto_pub are two): with another client id than its own, a connection is one to speak on.
 */
function authenticateByPassword({ clientId, user, password }: Claim, identities: IdentityStore): Verdict | undefined {
  if (user === undefined || password === undefined) return undefined;
  const topics = identities.observerTopics(user, password);
  if (topics !== undefined) {
    return { who: { role: 'observer', id: user, topics }, session: session(`observer:${user}`, clientId) };
  }
  if (!identities.isDevice(user, password)) return undefined;
  const who = { role: 'minion', id: user } as const;
  return clientId === user ? { who, session: session('minion', user) } : { who, session: undefined, onlySpeaks: true };
}

/** A fingerprint is a claim until the enrolment request proves it: whoever makes it must not disturb its owner. */
function authenticateUnenrolled(claim: Claim): Verdict {
  if (!FINGERPRINT.test(claim.clientId)) {
    return refuse(2, 'without a certificate, the client id must be the fingerprint of the key: 64 hex digits');
  }
  if (claim.user !== undefined && claim.user !== claim.clientId) {
    return refuse(4, 'without a certificate, the user name must be the client id or left out');
  }
  return { who: { role: 'unenrolled', id: claim.clientId }, session: undefined };
}

function authenticateOperator(
  claim: Claim,
  identities: IdentityStore,
  isOwnSocket: boolean,
): Verdict | Promise<Verdict> {
  const user = claim.user ?? (isOwnSocket ? identities.owner : undefined);
  if (user === undefined) return refuse(4, 'user name and password are required');
  const isOwner = isOwnSocket && user === identities.owner && claim.password === undefined;
  if (!isOwner) {
    if (claim.password === undefined) return refuse(4, `user ${user} gave no password`);
    const external = identities.isExternalOperator(user, claim.password);
    if (external !== undefined) return external.then((isRight) => (isRight ? operator(user, claim) : wrong(user)));
    if (!identities.isOperator(user, claim.password)) {
      const other = isOwnSocket ? undefined : authenticateByPassword(claim, identities);
      return other ?? wrong(user);
    }
  }
  return operator(user, claim);
}

function operator(user: string, { clientId }: Claim): Verdict {
  return { who: { role: 'operator', id: user }, session: session(`operator:${user}`, clientId) };
}

function wrong(user: string): Verdict {
  return refuse(4, `wrong name or password for user ${user}`);
}

/** The prefix keeps operators and local clients from ever taking over a minion's session. */
function session(prefix: string, clientId: string): string | undefined {
  return clientId === '' ? undefined : `${prefix}:${clientId}`;
}

function refuse(returnCode: RefusalCode, reason: string): Verdict {
  return { returnCode, reason };
}
