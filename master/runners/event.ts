import * as v from 'valibot';
import { Dict, Text } from '../../shared/plugin/args.ts';
import { checkTag } from '../../shared/protocol/event_tag.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: "Send events on the master's bus, and look at its log.",
  functions: {
    send: fn({
      summary: 'Send an event with the given tag and data.',
      args: { tag: Text, data: v.optional(Dict) },
      varkw: true,
      returns: '``True``, when the event is stored.',
      examples: ["salt-run event.send myapp/deployed '{build: 42}'"],
      async run({ bus, user }, { tag, data }, { kwargs }) {
        checkTag(tag, 'salt/event/');
        await bus.emitStored(tag, { data: { ...data, ...kwargs }, user });
        return true;
      },
    }),
    status: fn({
      summary: 'What the log of events holds, and how far its readers are behind.',
      description:
        'Cursors of the oldest and of the newest event, bytes, events that could not be stored since the start, and for\n' +
        'each reader its cursor and its lag. `streams` is how many clients follow events now.',
      args: {},
      returns: 'A mapping.',
      examples: ['salt-run event.status'],
      run: ({ eventLog, streams }) => ({ ...eventLog.status(), streams: streams.size }),
    }),
  },
});
