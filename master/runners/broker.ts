import { timeText } from '../../shared/time_text.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: 'Look at the broker.',
  functions: {
    counters: fn({
      summary: 'What the broker counted since the master started: connections, refusals, slow readers.',
      args: {},
      examples: ['salt-run broker.counters'],
      reads: true,
      run: ({ counters }) => counters(),
    }),
    refusals: fn({
      summary:
        'Who was refused what since the master started, the last first: client, counter, reason, how often and when.',
      args: {},
      examples: ['salt-run broker.refusals'],
      reads: true,
      run: ({ refusals }) => refusals().map((refusal) => ({ ...refusal, time: timeText(refusal.time * 1000) })),
    }),
  },
});
