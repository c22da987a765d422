import { describe, expect, test } from 'vitest';
import { isTerminal, type JobEvent, jobEvents, nextState } from '../../../../master/jobs/job_state.ts';
import { type JobStateName, jobStates } from '../../../../shared/protocol/messages/operator.ts';

const endings =
  'succeed>succeeded fail>failed reject>rejected time_out>timed_out cancel>cancelled expire>expired interrupt>interrupted';

/** Every event that a state can have, and where it leads; what is not written here cannot happen. */
const table: Readonly<Record<JobStateName, string>> = {
  queued: `send>sent puback>queued requeue>queued run>running progress>running ${endings}`,
  sent: `requeue>queued puback>delivered run>running progress>running ${endings}`,
  delivered: `requeue>queued puback>delivered run>running progress>running ${endings}`,
  running: `puback>running run>running progress>running ${endings}`,
  succeeded: '',
  failed: '',
  rejected: '',
  timed_out: '',
  cancelled: '',
  expired: '',
  interrupted: '',
};

const wanted = (state: JobStateName): ReadonlyMap<string, string> =>
  new Map(
    table[state]
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split('>') as [string, string]),
  );

describe.each(jobStates)('a part that is %s', (state) => {
  test.each(jobEvents)('and %s', (event: JobEvent) => {
    expect(nextState(state, event)).toBe(wanted(state).get(event));
  });

  test('is over exactly when nothing can happen to it any more', () => {
    expect(isTerminal(state)).toBe(wanted(state).size === 0);
  });
});

test('every state can be reached', () => {
  const reached = new Set(jobStates.flatMap((state) => jobEvents.map((event) => nextState(state, event))));
  expect(jobStates.filter((state) => !reached.has(state))).toEqual([]);
});
