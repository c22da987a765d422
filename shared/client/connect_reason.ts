import { systemErrorCode } from '../errors.ts';

/** Of a host, or of a broker that took the connection and says nothing. */
export const NO_ANSWER = 'no answer in time';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side closed the connection',
  EPIPE: 'the other side closed the connection',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOENT: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EPROTO: 'what listens there does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS',
  ETIMEDOUT: NO_ANSWER,
};

/** Why a connection was not made or ended, in words for an operator. */
export function connectReason(error: unknown): string {
  if (error === undefined) return 'the connection was closed before it was accepted';
  const code = systemErrorCode(error) ?? '';
  const message = error instanceof Error ? error.message : String(error);
  // MQTT.js's own words for silence after CONNECT.
  if (message === 'connack timeout') return NO_ANSWER;
  return reasons[code] ?? (message || code || 'unknown error');
}
