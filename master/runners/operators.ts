import * as v from 'valibot';
import { Count, Text } from '../../shared/plugin/args.ts';
import { defineRunner, fn } from '../context.ts';

const name = { name: Text };

export default defineRunner({
  summary: 'Who may log in over TCP with a password.',
  functions: {
    list: fn({
      summary: 'List the operators that have a password.',
      args: {},
      examples: ['salt-run operators.list'],
      reads: true,
      run: ({ operators }) => operators.names(),
    }),
    add: fn({
      summary: 'Make a password for an operator and print it; an old one is replaced.',
      args: { ...name, ttl: v.optional(v.pipe(Count, v.minValue(1, 'must be 1 or more'))) },
      description:
        'ttl: seconds after which the password is worth nothing, also to whoever is logged in; left out: it does not end.',
      secret: true,
      returns: 'the password; it is stored only as a hash and cannot be shown again.',
      examples: ['salt-run operators.add alice', 'salt-run operators.add ci ttl=28800'],
      run: ({ operators }, args) => operators.add(args.name, args.ttl),
    }),
    remove: fn({
      summary: 'Take the password of an operator away.',
      args: name,
      returns: '``True``, or ``False`` when there was none.',
      examples: ['salt-run operators.remove alice'],
      run: ({ operators }, args) => operators.remove(args.name),
    }),
  },
});
