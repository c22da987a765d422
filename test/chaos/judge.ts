import { isTerminal } from '../../master/jobs/job_state.ts';
import type { JobHeader, JobRecord, JobStore } from '../../master/jobs/job_store.ts';
import { allOf } from '../support/all_of.ts';
import type { SideEffect } from './side_effects.ts';
import type { Acceptance } from './workload.ts';

/** What promise 2 rules out, by name; each entry says what happened to whom. */
export const violationKinds = [
  'lost',
  'duplicated',
  'late',
  'untrue',
  'unrecorded',
  'event_repeated',
  'bug_logged',
  'memory',
] as const;
export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Jobs in the store, and their parts by the state they ended in. */
  readonly jobCount: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly effectCount: number;
}

export interface Evidence {
  readonly jobs: JobStore;
  /** By token. */
  readonly accepted: ReadonlyMap<string, Acceptance>;
  readonly effects: readonly SideEffect[];
  /**
   * Until when each part might begin, as the minion took it, by jid and id; seconds UTC. A part of a batch has its time from
   * when its turn comes.
   */
  readonly takenUntil: ReadonlyMap<string, number>;
  /** How long each job sleeps after its side effect, by token; seconds. */
  readonly runSeconds: ReadonlyMap<string, number>;
  /** How often each event of jobs was heard, by tag. */
  readonly events: ReadonlyMap<string, number>;
}

/** Between the minion's last look at the clock and the shell's, on a machine that is kept busy. */
const START_MARGIN_SECONDS = 1;

/** Compares what the master says with what happened. Pure, but for reading the store. */
export async function judge({ jobs, accepted, effects, takenUntil, runSeconds, events }: Evidence): Promise<Verdict> {
  const headers = await allOf(jobs.headers());
  const records = new Map(headers.map((header) => [tokenOf(header), jobs.job(header.jid) as JobRecord]));
  const effectsOf = groupEffects(effects);
  const violations: Violation[] = [];
  const parts: Record<string, number> = {};
  for (const [token, acceptance] of accepted) {
    if (acceptance.kind !== 'accepted') continue;
    const record = records.get(token);
    const stored = record?.jid === acceptance.jid ? record.minions : [];
    for (const id of acceptance.minions.filter((id) => !stored.includes(id))) {
      violations.push({ kind: 'lost', text: `${token}: accepted as ${acceptance.jid} for ${id} and not in the store` });
    }
  }
  for (const [token, record] of records) {
    const ended = jobs.endedRows(record.jid);
    const returns = await jobs.returns(record.jid);
    for (const id of record.minions) {
      const state = ended.get(id)?.state ?? 'open';
      parts[state] = (parts[state] ?? 0) + 1;
      const own = effectsOf.get(`${token} ${id}`) ?? [];
      const until = record.batch === undefined ? undefined : takenUntil.get(`${record.jid} ${id}`);
      const result = returns.get(id);
      const part = {
        name: `${token} ${record.jid} ${id}`,
        state,
        exp: until ?? record.exp,
        idleSeconds: Math.max(0, (result?.ms ?? 0) / 1000 - (runSeconds.get(token) ?? 0)),
      };
      violations.push(...judgePart(part, own, result !== undefined));
    }
  }
  for (const { token, id } of effects) {
    if (!records.has(token)) violations.push({ kind: 'unrecorded', text: `${token} ran on ${id}; no such job` });
  }
  for (const [tag, count] of events) {
    if (count > 1) violations.push({ kind: 'event_repeated', text: `${tag} was heard ${count} times` });
  }
  return { violations, jobCount: records.size, parts, effectCount: effects.length };
}

interface Part {
  readonly name: string;
  readonly state: string;
  readonly exp: number;
  /**
   * How much longer it took than it had to. Who is stopped between the last look at the clock and the first act has begun
   * in time, however late that act is seen; who is stopped before that look took no time over it.
   */
  readonly idleSeconds: number;
}

function* judgePart({ name, state, exp, idleSeconds }: Part, effects: readonly SideEffect[], hasReturn: boolean) {
  const count = effects.length;
  const violation = (kind: ViolationKind, text: string): Violation => ({ kind, text: `${name}: ${text}` });
  if (state === 'open' || !isTerminal(state as Parameters<typeof isTerminal>[0]))
    yield violation('lost', 'never ended');
  if (count > 1) yield violation('duplicated', `${state}, ran ${count} times`);
  for (const { at } of effects) {
    if (at - idleSeconds > exp + START_MARGIN_SECONDS)
      yield violation('late', `${state}, ran ${(at - exp).toFixed(1)} s after it expired`);
  }
  if (state === 'succeeded' && count !== 1) yield violation('untrue', `succeeded, but ran ${count} times`);
  if ((state === 'expired' || state === 'rejected') && count !== 0) yield violation('untrue', `${state}, but ran`);
  if ((state === 'succeeded' || state === 'failed') && !hasReturn)
    yield violation('untrue', `${state} without a return`);
}

function tokenOf({ jid, metadata }: JobHeader): string {
  return typeof metadata?.chaos === 'string' ? metadata.chaos : jid;
}

function groupEffects(effects: readonly SideEffect[]): Map<string, SideEffect[]> {
  const groups = new Map<string, SideEffect[]>();
  for (const effect of effects) {
    const key = `${effect.token} ${effect.id}`;
    groups.set(key, [...(groups.get(key) ?? []), effect]);
  }
  return groups;
}
