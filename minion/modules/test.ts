import * as v from 'valibot';
import { Text } from '../../shared/plugin/args.ts';
import { defineModule, fn } from '../context.ts';

export default defineModule({
  summary: 'Check that a minion listens and answers.',
  functions: {
    ping: fn({
      summary: 'Used to make sure the minion is up and responding. Not an ICMP ping.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' test.ping"],
      reads: true,
      run: () => true,
    }),
    echo: fn({
      summary: 'Return a string - used for testing the connection.',
      args: { text: v.unknown() },
      examples: ["salt '*' test.echo 'foo bar baz quo qux'"],
      reads: true,
      run: (_context, { text }) => text,
    }),
    exception: fn({
      summary: 'Raise an exception.',
      args: { message: v.optional(Text, 'Test Exception') },
      examples: ["salt '*' test.exception 'Oh noes!'"],
      run: (_context, { message }) => {
        throw new Error(message);
      },
    }),
  },
});
