import { Text } from '../../shared/plugin/args.ts';
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
      args: name,
      secret: true,
      returns: 'the password; it is stored only as a hash and cannot be shown again.',
      examples: ['salt-run operators.add alice'],
      run: ({ operators }, args) => operators.add(args.name),
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
