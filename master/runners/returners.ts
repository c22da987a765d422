import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: "Look at the master's returners.",
  functions: {
    status: fn({
      summary: 'What waits for each returner of the master, its last error and since when.',
      args: {},
      examples: ['salt-run returners.status'],
      reads: true,
      run: ({ returners }) => returners.status(),
    }),
  },
});
