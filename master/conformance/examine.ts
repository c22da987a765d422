import { FleetError } from '../../shared/errors.ts';
import { askPadded, type Check, checks, type ExaminedDevice, type Verdict } from './checks.ts';
import type { Session } from './session.ts';

export interface Examination {
  readonly minion: string;
  /** `L0` to `L3`, or `none`. */
  readonly level: string;
  readonly checks: readonly Examined[];
  readonly max_packet: { readonly declared: number; readonly answered: number };
  readonly window: number;
  /** Median of a few jobs. */
  readonly round_trip_ms: number | undefined;
}

export interface Examined {
  readonly name: string;
  readonly level: string;
  readonly result: Verdict['result'] | 'not tried';
  /** What happened instead. */
  readonly why?: string;
  readonly should?: string;
}

const PINGS = 5;
const SMALLEST_PACKET = 128;

/** Plays every check at a minion. One that does not answer the first is not asked anything more. */
export async function examine(session: Session, device: ExaminedDevice, nowMs: () => number): Promise<Examination> {
  const verdicts: Examined[] = [];
  let answers = true;
  for (const check of checks) {
    if (!answers || !session.isThere()) {
      verdicts.push({ name: check.name, level: `L${check.level}`, result: 'not tried' });
      continue;
    }
    const verdict = await run(check, session, device);
    answers = check !== checks[0] || verdict.result === 'passed';
    verdicts.push(examined(check, verdict));
  }
  const isWhole =
    verdicts.find(({ name }) => name === 'takes the largest packet that it declared')?.result === 'passed';
  const declared = session.info.max_packet;
  const measures = answers && session.isThere();
  return {
    minion: session.id,
    level: levelOf(verdicts),
    checks: verdicts,
    max_packet: { declared, answered: isWhole ? declared : measures ? await largestPacket(session, declared) : 0 },
    window: session.info.window,
    round_trip_ms: measures ? await roundTrip(session, nowMs) : undefined,
  };
}

/** A minion that goes away in the middle has failed that check. */
async function run(check: Check, session: Session, device: ExaminedDevice): Promise<Verdict> {
  try {
    return await check.run(session, device);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { result: 'failed', why: error.message };
  }
}

function examined({ name, level, should }: Check, verdict: Verdict): Examined {
  const head = { name, level: `L${level}`, result: verdict.result };
  if (verdict.result === 'passed') return head;
  return { ...head, why: verdict.why, ...(verdict.result !== 'skipped' && { should }) };
}

function levelOf(verdicts: readonly Examined[]): string {
  const missed = verdicts.filter(({ result }) => result !== 'passed' && result !== 'skipped').map(({ level }) => level);
  const [lowest] = missed.sort();
  if (lowest === undefined) return 'L3';
  return lowest === 'L0' ? 'none' : `L${Number(lowest.slice(1)) - 1}`;
}

/** By halves, in steps of 16 bytes. */
async function largestPacket(session: Session, declared: number): Promise<number> {
  let answered = SMALLEST_PACKET;
  let silent = declared;
  while (silent - answered > 16) {
    const middle = Math.floor((answered + silent) / 2);
    if ((await askPadded(session, middle)) === undefined) silent = middle;
    else answered = middle;
  }
  return answered;
}

async function roundTrip(session: Session, nowMs: () => number): Promise<number | undefined> {
  const times: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const began = nowMs();
    if ((await session.ask('test.ping')) !== undefined) times.push(nowMs() - began);
  }
  const middle = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  return middle === undefined ? undefined : Math.round(middle * 10) / 10;
}
