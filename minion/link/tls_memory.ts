import type { KeyObject } from 'node:crypto';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { masterTls } from './trust.ts';

/** What a connection to the master is made with. */
interface ClientCredentials {
  readonly caPem: string;
  readonly certPem: string;
}

/** How a TLS connection begins, and what is kept of it for the next. */
export interface TlsBeginning {
  /** With the session of the last connection, when there was one with the same credentials. */
  readonly options: ConnectionOptions;
  keep(session: Buffer): void;
  /** The connection could not be made with it: the next one begins anew. */
  forget(): void;
}

/**
 * What is computed of the credentials, half of what an attempt costs, and the last session, with which the handshake is
 * shorter for both. In memory only, and for the last credentials only.
 */
export function createTlsMemory(privateKey: KeyObject): (credentials: ClientCredentials) => TlsBeginning {
  let kept: { readonly of: string; readonly context: SecureContext; session: Buffer | undefined } | undefined;
  return ({ caPem, certPem }) => {
    const of = caPem + certPem;
    if (kept?.of !== of) {
      const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      kept = { of, context: createSecureContext(masterTls(caPem, { keyPem, certPem })), session: undefined };
    }
    const own = kept;
    return {
      options: { ...masterTls(caPem), secureContext: own.context, session: own.session },
      keep(session) {
        own.session = session;
      },
      forget() {
        own.session = undefined;
      },
    };
  };
}
