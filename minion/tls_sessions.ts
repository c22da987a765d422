/** The credentials that a session was made with. */
interface SessionOwner {
  readonly caPem: string;
  readonly certPem: string;
}

/** What a TLS socket is told, and tells, of the session. */
export interface TlsSession {
  /** Of the last connection, when it was made with the same credentials. */
  readonly last: Buffer | undefined;
  keep(session: Buffer): void;
  /** The connection could not be made with it: the next one begins anew. */
  forget(): void;
}

/** The last TLS session with the master: the next handshake is shorter for both. It is never written down. */
export function createTlsSessions(): (owner: SessionOwner) => TlsSession {
  let kept: { readonly of: string; readonly session: Buffer } | undefined;
  return ({ caPem, certPem }) => {
    const of = caPem + certPem;
    return {
      last: kept?.of === of ? kept.session : undefined,
      keep(session) {
        kept = { of, session };
      },
      forget() {
        kept = undefined;
      },
    };
  };
}
