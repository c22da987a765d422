import type { JobStateName } from '../../shared/protocol/messages/operator.ts';

/** What can happen to one row (jid, minion). */
export const jobEvents = [
  'send',
  'requeue',
  'puback',
  'run',
  'progress',
  'succeed',
  'fail',
  'reject',
  'time_out',
  'cancel',
  'expire',
  'interrupt',
] as const;
export type JobEvent = (typeof jobEvents)[number];

type Row = Readonly<Partial<Record<JobEvent, JobStateName>>>;

/** However it got there, this is how a job that reached a minion can end. */
const endings: Row = {
  succeed: 'succeeded',
  fail: 'failed',
  reject: 'rejected',
  time_out: 'timed_out',
  cancel: 'cancelled',
  expire: 'expired',
  interrupt: 'interrupted',
};

/**
 * DESIGN.md §4 as a table. A row that is missing an event cannot have it. A minion may be ahead of what the master
 * remembers after a restart, so a queued row can be found running, or end. The PUBACK of a connection that was given up
 * may come after its jobs were put back: they are sent again all the same.
 */
const transitions: Readonly<Record<JobStateName, Row>> = {
  queued: { ...endings, send: 'sent', puback: 'queued', requeue: 'queued', run: 'running', progress: 'running' },
  sent: { ...endings, puback: 'delivered', requeue: 'queued', run: 'running', progress: 'running' },
  delivered: { ...endings, puback: 'delivered', requeue: 'queued', run: 'running', progress: 'running' },
  running: { ...endings, puback: 'running', run: 'running', progress: 'running' },
  succeeded: {},
  failed: {},
  rejected: {},
  timed_out: {},
  cancelled: {},
  expired: {},
  interrupted: {},
};

/** The next state, or undefined when that cannot happen in this state. A terminal state is never left. */
export function nextState(state: JobStateName, event: JobEvent): JobStateName | undefined {
  return transitions[state][event];
}

export function isTerminal(state: JobStateName): boolean {
  return Object.keys(transitions[state]).length === 0;
}
