import * as v from 'valibot';
import { Dict, Text } from '../../shared/plugin/args.ts';
import { checkTag } from '../../shared/protocol/event_tag.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: "Send events on the master's bus.",
  functions: {
    send: fn({
      summary: 'Send an event with the given tag and data.',
      args: { tag: Text, data: v.optional(Dict) },
      varkw: true,
      returns: '``True``.',
      examples: ["salt-run event.send myapp/deployed '{build: 42}'"],
      run({ bus, user }, { tag, data }, { kwargs }) {
        checkTag(tag, 'salt/event/');
        bus.emit(tag, { data: { ...data, ...kwargs }, user });
        return true;
      },
    }),
  },
});
