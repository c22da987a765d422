import { expect, test } from 'vitest';
import { readSaltEvent, type SaltScheduleEvent } from '../../../../../minion/lib/schedule/salt_request.ts';
import { answerScheduleRequest } from '../../../../../minion/lib/schedule/schedule_requests.ts';
import { fakeContext } from '../../../../support/fake_context.ts';

const item = { function: 'test.echo', seconds: 60, args: ['x'], name: 'job1' };
const made = { function: 'test.echo', seconds: 60, job_args: ['x'] };

test.each<[SaltScheduleEvent, unknown]>([
  [
    { func: 'add', name: 'job1', schedule: { job1: item }, persist: true },
    { func: 'add', arg: ['job1'], kwarg: { ...made, persist: true } },
  ],
  [
    { func: 'modify', name: 'job1', schedule: item, persist: false },
    { func: 'modify', arg: ['job1'], kwarg: { ...made, persist: false } },
  ],
  [
    { func: 'delete', name: 'job1', persist: true },
    { func: 'delete', arg: ['job1'], kwarg: { persist: true } },
  ],
  [
    { func: 'run_job', name: 'job1', persist: true },
    { func: 'run_job', arg: ['job1'], kwarg: {} },
  ],
  [
    { func: 'disable', persist: true },
    { func: 'disable', arg: [], kwarg: { persist: true } },
  ],
  [{ func: 'save_schedule' }, { func: 'save', arg: [], kwarg: {} }],
  [{ func: 'add', name: 'job1', schedule: item }, undefined],
  [{ func: 'delete' }, undefined],
  [{ func: 'list', name: 'job1' }, undefined],
])('the event %j of Salt asks for %j', (event, call) => {
  expect(readSaltEvent(event)).toEqual(call);
});

test('a running minion does what an event in the form of Salt says', async () => {
  const context = fakeContext({ functions: { 'schedule.add': () => ({ result: true }) } });
  const payload = { func: 'add', name: 'job1', schedule: { job1: item }, persist: true, where: null };
  await answerScheduleRequest(payload, { context, events: context.events, log: context.log });
  expect(context.calls).toEqual([{ fun: 'schedule.add', args: ['job1'], kwargs: { ...made, persist: true } }]);
  expect(context.fired[0]?.data).toEqual({ value: { result: true } });
});
