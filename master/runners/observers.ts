import * as v from 'valibot';
import { Text, TextList } from '../../shared/plugin/args.ts';
import { defineRunner, fn } from '../context.ts';

const name = { name: Text };

export default defineRunner({
  summary: 'Who may watch with a password, and say nothing.',
  functions: {
    list: fn({
      summary: 'List the observers, each with what it may see.',
      args: {},
      examples: ['salt-run observers.list'],
      reads: true,
      run: ({ observers }) => observers.list(),
    }),
    add: fn({
      summary: 'Make a password for an observer and print it; an old one is replaced.',
      args: { ...name, topics: v.optional(TextList, ['#']) },
      description: 'topics are the MQTT filters of what it may see, of all that every operator sees.',
      secret: true,
      returns: 'the password; it is stored only as a hash and cannot be shown again.',
      examples: ['salt-run observers.add dashboard', "salt-run observers.add pager 'salt/idx/fail/#,salt/presence/+'"],
      run: ({ observers }, args) => observers.add(args.name, args.topics),
    }),
    remove: fn({
      summary: 'Take the password of an observer away; it is disconnected at once.',
      args: name,
      returns: '``True``, or ``False`` when there was none.',
      examples: ['salt-run observers.remove dashboard'],
      run: ({ observers }, args) => observers.remove(args.name),
    }),
  },
});
