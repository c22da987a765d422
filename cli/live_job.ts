import { stripVTControlCharacters } from 'node:util';
import type { OperatorStep } from '../shared/client/operator_client.ts';
import { stripControl } from './strip_control.ts';

/** Minions that have a line each; what is more has a bar. */
const LINES_MAX = 8;
const BAR_WIDTH = 30;
/** Columns of an id that is longer than all others deserve. */
const ID_WIDTH_MAX = 24;
/** As wide as `waiting` and `running`. */
const STATE_WIDTH = 7;
/** Characters of an unfinished line that are kept: no terminal is wider. */
const PENDING_MAX = 1000;

interface OpenMinion {
  readonly state: 'waiting' | 'running';
  /** Seconds UTC. */
  readonly since: number;
  /** The last line that it printed, and the one that has not ended yet. */
  readonly line: string;
  readonly pending: string;
}

/** What a job looks like while it runs. */
export interface LiveJob {
  /** Takes a step of the master's answer; `now` is in seconds UTC. */
  note(step: OperatorStep, now: number): void;
  /** No line is wider than `width` columns. None when nothing is waited for. */
  lines(width: number, now: number): readonly string[];
}

export function createLiveJob(): LiveJob {
  const open = new Map<string, OpenMinion>();
  const over = new Set<string>();
  const failed = new Set<string>();
  let count = 0;
  const handOut = (ids: readonly string[], since: number): void => {
    for (const id of ids) if (!over.has(id)) open.set(id, { state: 'waiting', since, line: '', pending: '' });
  };
  const end = (id: string, isFailed: boolean): void => {
    open.delete(id);
    over.add(id);
    if (isFailed) failed.add(id);
  };
  return {
    note(step, now) {
      const id = String(step.id);
      const minion = open.get(id) ?? { state: 'waiting', since: now, line: '', pending: '' };
      if (step.t === 'job') {
        const ids = step.minions as string[];
        count = ids.length;
        // The turn of the others comes later.
        if (step.batch !== true) handOut(ids, now);
      } else if (step.t === 'batch') handOut(step.minions as string[], now);
      else if (step.t === 'ret') end(id, Number(step.retcode) !== 0);
      else if (over.has(id)) return;
      else if (step.t === 'prog') open.set(id, { ...minion, state: 'running', ...lastLine(minion, step.data) });
      else if (step.t !== 'state') return;
      else if (step.final === true) end(id, true);
      else if (step.offline !== undefined) open.delete(id);
      else if (step.state === 'running') open.set(id, { ...minion, state: 'running', since: Number(step.since) });
      else open.set(id, { ...minion, state: 'waiting' });
    },
    lines(width, now) {
      if (open.size === 0) return [];
      const lines = count > LINES_MAX ? [barLine(open, { over: over.size, failed: failed.size, count })] : [];
      if (open.size <= LINES_MAX) {
        const idWidth = Math.min(ID_WIDTH_MAX, Math.max(...[...open.keys()].map((id) => id.length)));
        for (const [id, minion] of open) lines.push(minionLine(id.slice(0, idWidth).padEnd(idWidth), minion, now));
      }
      return lines.map((line) => cut(line, width));
    },
  };
}

/** `[=====     ] 3 of 10 done, 1 failed, 4 running`. */
function barLine(
  open: ReadonlyMap<string, OpenMinion>,
  { over, failed, count }: Readonly<Record<'over' | 'failed' | 'count', number>>,
): string {
  const bar = '='.repeat(Math.floor((over / count) * BAR_WIDTH)).padEnd(BAR_WIDTH);
  const running = [...open.values()].filter(({ state }) => state === 'running').length;
  return `[${bar}] ${over} of ${count} done, ${failed} failed, ${running} running`;
}

/** `web1  running   12 s  Unpacking libc6`. */
function minionLine(id: string, { state, since, line }: OpenMinion, now: number): string {
  const seconds = String(Math.max(0, Math.floor(now - since))).padStart(4);
  return `${id}  ${state.padEnd(STATE_WIDTH)} ${seconds} s  ${line}`.trimEnd();
}

/** A carriage return ends a line too: so do programs that draw a progress of their own. */
function lastLine({ line, pending }: OpenMinion, data: unknown): Pick<OpenMinion, 'line' | 'pending'> {
  const streams = data !== null && typeof data === 'object' ? Object.values(data) : [data];
  const lines = (pending + streams.map(String).join('')).split(/[\r\n]/);
  const last = lines.findLast((text) => text.trim() !== '');
  return {
    line:
      last === undefined
        ? line
        : stripControl(stripVTControlCharacters(last.trim().slice(0, PENDING_MAX))).replaceAll('\t', ' '),
    pending: (lines.at(-1) ?? '').slice(0, PENDING_MAX),
  };
}

/** Characters that take two columns: of the writing of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Whole characters: half of one is not what the minion printed. */
function cut(text: string, width: number): string {
  let columns = 0;
  let end = 0;
  // Of what leaves a column for the mark.
  let fitting = 0;
  for (const character of text) {
    columns += WIDE.test(character) ? 2 : 1;
    end += character.length;
    if (columns < width) fitting = end;
    else if (columns > width) return `${text.slice(0, fitting)}…`;
  }
  return text;
}
