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
  },
});
