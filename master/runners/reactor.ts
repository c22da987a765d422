import * as v from 'valibot';
import { Count, Dict, Flag, Text, Value } from '../../shared/plugin/args.ts';
import { defineRunner, fn, type MasterContext } from '../context.ts';
import type { ReactionRecord } from '../reactor/reaction_store.ts';

const HISTORY_DEFAULT = 50;
/** Salt's arguments with nothing behind them here: they choose the reactor's environment. */
const saltArguments = { saltenv: v.optional(Text, 'base'), test: v.optional(Value) };

export default defineRunner({
  summary: 'Look at the reactor and change its rules.',
  functions: {
    list: fn({
      summary: 'List the rules of the reactor and the typed reactors.',
      args: saltArguments,
      returns: "the rules in Salt's form, a list of ``{tag: files}``; then the typed reactors by their tag.",
      examples: ['salt-run reactor.list'],
      reads: true,
      run: ({ reactor }) => [...reactor.list(), ...reactor.typed.map(({ file, spec }) => ({ [spec.tag]: [file] }))],
    }),
    add: fn({
      summary: 'Add a rule, for good: it is there after a restart, too.',
      args: { event: Text, reactors: Value, ...saltArguments },
      returns: '``status`` and ``comment``.',
      examples: [
        "salt-run reactor.add 'myapp/*' /srv/reactor/deploy.sls",
        "salt-run reactor.add 'myapp/*' '[/srv/reactor/a.sls, {debounce: 30s}]'",
      ],
      run: async ({ reactor }, { event, reactors }) =>
        outcome(await reactor.add(event, reactors), 'Reactor added.', 'Reactor already exists.'),
    }),
    delete: fn({
      summary: 'Delete the rule of a tag, for good; also one of the configuration.',
      args: { event: Text, ...saltArguments },
      returns: '``status`` and ``comment``.',
      examples: ["salt-run reactor.delete 'myapp/*'"],
      run: async ({ reactor }, { event }) =>
        outcome(await reactor.delete(event), 'Reactor deleted.', 'Reactor does not exists.'),
    }),
    is_leader: fn({
      summary: 'Whether this master reacts: of several, one should.',
      args: {},
      examples: ['salt-run reactor.is_leader'],
      reads: true,
      run: ({ reactor }) => reactor.isLeader(),
    }),
    set_leader: fn({
      summary: 'Let this master react, or not; events of the time between are passed over.',
      args: { value: v.optional(Flag, true) },
      examples: ['salt-run reactor.set_leader False'],
      async run({ reactor }, { value }) {
        await reactor.setLeader(value);
        return value;
      },
    }),
    status: fn({
      summary: 'How far the reactor is, and what it counted since the master started.',
      description: '``lag`` is how many events of the log it has not done with; ``events_missed`` should be 0.',
      args: {},
      examples: ['salt-run reactor.status'],
      reads: true,
      run: ({ reactor }) => reactor.status(),
    }),
    history: fn({
      summary: 'What the reactor did, newest first.',
      args: { limit: v.optional(Count, HISTORY_DEFAULT) },
      returns: 'for each reaction the event, the file, what was called, its jid and the outcome.',
      examples: ['salt-run reactor.history', 'salt-run reactor.history limit=5'],
      reads: true,
      run: ({ reactor }, { limit }) => reactor.history(limit).map(shown),
    }),
    dead_letters: fn({
      summary: 'Reactions that failed, by the id with which each can be replayed.',
      args: {},
      examples: ['salt-run reactor.dead_letters'],
      reads: true,
      run: ({ reactor }) =>
        Object.fromEntries(
          Object.entries(reactor.deadLetters()).map(([name, { event, ...letter }]) => [
            name,
            { ...shown(letter), data: event.data },
          ]),
        ),
    }),
    replay: fn({
      summary: 'Try a failed reaction again with the event of then and the file of now.',
      args: { id: Text },
      returns: 'what came of it; the dead letter is gone, and there is a new one when it failed again.',
      examples: ['salt-run reactor.replay 4711.5f0c8e5d1b2a3c4d'],
      async run(context, { id }) {
        const records = await context.reactor.replay(id);
        if (records.some(({ state }) => state === 'failed')) context.setRetcode(1);
        return records.map(shown);
      },
    }),
    test: fn({
      summary: 'Show what the reactor would do about an event, without doing it.',
      args: { tag: Text, data: v.optional(Dict) },
      returns: 'the rules that match, the reactions in their order, and what is wrong.',
      examples: ["salt-run reactor.test tag=salt/minion/m1/start data='{id: m1}'"],
      reads: true,
      async run(context: MasterContext, { tag, data }) {
        const tried = await context.reactor.test(tag, data ?? {});
        if ((tried.problems as unknown[]).length > 0) context.setRetcode(1);
        return tried;
      },
    }),
  },
});

function outcome(status: boolean, done: string, not: string): { status: boolean; comment: string } {
  return { status, comment: status ? done : not };
}

/** As an operator reads it: without what is empty. */
function shown({ at, ...record }: ReactionRecord): Record<string, unknown> {
  const members = Object.entries(record).filter(([, value]) => value !== undefined && value !== '');
  return { ...Object.fromEntries(members), at: new Date(at * 1000).toISOString().slice(0, 19) };
}
