import { expect, test } from 'vitest';
import { createOperatorService, type OperatorServiceOptions } from '../../../master/serve_operator.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { decodePayload } from '../../../shared/protocol/codec.ts';
import type { Packet } from '../../../shared/protocol/message.ts';
import { Inbox } from '../../integration/broker/inbox.ts';
import { fakeMasterContext } from '../../support/fake_master_context.ts';
import { sampleJob } from '../../support/sample_job.ts';

test('a return that is in the store a moment before it is told is told once to who begins to watch', async () => {
  const context = fakeMasterContext();
  const record = sampleJob({ minions: ['m1'] });
  const { jid } = record;
  const result = { id: 'm1', jid, return: true, retcode: 0, success: true };
  await context.tracker.add(record, new Map());
  await context.tracker.advance(jid, 'm1', 'send');
  // As another reader of the store sees it while the commit has not been reported yet.
  await context.jobs.endRow(jid, 'm1', { state: 'succeeded', since: 1 }, result, true);
  const steps = new Inbox<{ readonly t: string; readonly id?: string }>();
  const serve = createOperatorService({
    context: () => context,
    publish: ({ payload }: Packet) => steps.push(decodePayload(payload) as { t: string }),
    backlogOf: () => undefined,
    clock: systemClock,
    log: silentLogger,
  } as unknown as OperatorServiceOptions);
  serve('root', 'a1', { op: 'watch', jid });
  await steps.waitFor(({ t }) => t === 'job');
  await context.tracker.commit(jid, 'm1', 'succeed', { result });
  await steps.waitFor(({ t }) => t === 'end');
  expect(steps.all.map(({ t }) => t)).toEqual(['job', 'ret', 'end']);
});
