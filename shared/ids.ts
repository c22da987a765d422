import * as v from 'valibot';
import type { Clock } from './clock.ts';

/** One MQTT level, safe as a file name, no traversal: DESIGN.md's rule, stricter than Salt's (ARC-8). */
export const MinionId = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 characters of A-Z a-z 0-9 . _ - and start with a letter or digit',
  ),
);
export type MinionId = v.InferOutput<typeof MinionId>;

export function isMinionId(text: string): boolean {
  return v.is(MinionId, text);
}

/** Salt's job id: `YYYYMMDDhhmmssffffff`, UTC (JOB-1). */
export const Jid = v.pipe(v.string(), v.regex(/^\d{20}$/, 'must be 20 digits'));
export type Jid = v.InferOutput<typeof Jid>;

/** SHA-256 of a public key's SPKI, as 64 lower-case hex digits. */
export const Fingerprint = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'));
export type Fingerprint = v.InferOutput<typeof Fingerprint>;

/** A correlation id chosen by the requester; short because it is paid for in a topic. */
export const Correlation = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 _ -'));
export type Correlation = v.InferOutput<typeof Correlation>;

/** Which part of something large it is, from 0. */
export const PartNumber = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9]\d{0,5})$/, 'must be a whole number of at most 6 digits'),
);

/**
 * A source of job ids: unique and strictly increasing, also within one microsecond and when the clock steps back.
 * `after` is the highest id ever given out, so that a restart does not repeat one.
 */
export function createJidSource(clock: Clock, after: Jid = '0'.repeat(20)): () => Jid {
  let lastMs = 0;
  let micros = 0;
  let last = after;
  return () => {
    const nowMs = Math.max(clock.nowMs(), lastMs);
    micros = nowMs === lastMs ? micros + 1 : 0;
    lastMs = nowMs + Math.floor(micros / 1000);
    if (micros >= 1000) micros = 0;
    const jid = formatJid(lastMs, micros);
    last = jid > last ? jid : nextJid(last);
    return last;
  };
}

function formatJid(ms: number, micros: number): Jid {
  return new Date(ms).toISOString().replace(/\D/g, '') + String(micros).padStart(3, '0');
}

export function nextJid(jid: Jid): Jid {
  return String(BigInt(jid) + 1n).padStart(20, '0');
}

/** Milliseconds UTC at which it was made; NaN when its digits are no time. */
export function jidMs(jid: Jid): number {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})/.exec(jid) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}

/** When a job was created, as Salt prints it: `2026, Nov 22 09:29:54.907257`. */
export function jidStartTime(jid: Jid): string {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const month = months[Number(jid.slice(4, 6)) - 1] ?? '???';
  const time = `${jid.slice(8, 10)}:${jid.slice(10, 12)}:${jid.slice(12, 14)}.${jid.slice(14)}`;
  return `${jid.slice(0, 4)}, ${month} ${jid.slice(6, 8)} ${time}`;
}
