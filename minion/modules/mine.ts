import * as v from 'valibot';
import { accessOf, type MineFunction, readMineFunctions } from '../../shared/data/mine_functions.ts';
import { FleetError } from '../../shared/errors.ts';
import { Dict, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { findFunction } from '../catalogue.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { collectMine } from '../lib/mine/collect_mine.ts';

export default defineModule({
  summary: 'Tell other minions about this one, and read what they tell.',
  functions: {
    update: fn({
      summary: 'Work out what `mine_functions` names and send it to the master.',
      description:
        'A minion does so by itself every `mine_interval` minutes and when it connects. With clear what is not named is\n' +
        'forgotten. mine_functions stands in for those of the configuration, in their form.',
      args: { clear: v.optional(Flag, false), mine_functions: v.optional(Dict) },
      returns: '``True``.',
      examples: ["salt '*' mine.update", "salt '*' mine.update clear=True"],
      async run(context, { clear, mine_functions: given }) {
        const items = await collectMine(context, given === undefined ? configured(context) : readMineFunctions(given));
        await context.master.ask('mine', { op: 'update', items, clear });
        return true;
      },
    }),
    send: fn({
      summary: 'Send the value of one function to the master.',
      description:
        'The function is the name, or mine_function when the name is an alias. allow_tgt and allow_tgt_type say which\n' +
        'minions may read it. All other arguments are those of the function.',
      args: { name: Text },
      varargs: true,
      varkw: true,
      returns: '``True``.',
      examples: [
        "salt '*' mine.send network.ip_addrs eth0",
        "salt '*' mine.send eth0 mine_function=network.ip_addrs eth0",
      ],
      async run(context, { name }, { args, kwargs }) {
        const { mine_function: fun = name, allow_tgt, allow_tgt_type, ...rest } = kwargs;
        const access = accessOf(allow_tgt, allow_tgt_type);
        const value = (await context.call(String(fun), args, rest)) ?? null;
        await context.master.ask('mine', { op: 'update', items: { [name]: { value, ...access } } });
        return true;
      },
    }),
    get: fn({
      summary: 'Read what other minions told of a function, or of several.',
      args: {
        tgt: TargetExpression,
        fun: TextList,
        tgt_type: v.optional(TargetType, 'glob'),
        exclude_minion: v.optional(Flag, false),
      },
      returns: 'the values by minion; of several functions by function, then by minion.',
      examples: ["salt '*' mine.get '*' network.interfaces", "salt '*' mine.get 'web*' network.ip_addrs,test.ping"],
      reads: true,
      async run({ master }, { tgt, fun: names, tgt_type, exclude_minion }) {
        const question = { op: 'get', tgt, tgt_type, names, exclude_minion };
        const found = (await master.ask('mine', question)) as Readonly<Record<string, unknown>>;
        const [only] = names;
        return names.length === 1 && only !== undefined ? found[only] : found;
      },
    }),
    delete: fn({
      summary: 'Have the master forget what this minion told of a function.',
      args: { fun: Text },
      returns: '``True``.',
      examples: ["salt '*' mine.delete network.interfaces"],
      async run({ master }, { fun }) {
        await master.ask('mine', { op: 'delete', names: [fun] });
        return true;
      },
    }),
    flush: fn({
      summary: 'Have the master forget all that this minion told.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' mine.flush"],
      async run({ master }) {
        await master.ask('mine', { op: 'flush' });
        return true;
      },
    }),
    valid: fn({
      summary: 'Return those of `mine_functions` that this minion has.',
      args: {},
      returns: 'the arguments by name; under an alias, by function.',
      examples: ["salt '*' mine.valid"],
      reads: true,
      async run(context) {
        const valid: Record<string, unknown> = {};
        for (const mine of configured(context)) {
          if (await isThere(context, mine)) valid[mine.name] = shown(mine);
        }
        return valid;
      },
    }),
  },
});

function configured({ config }: MinionContext): readonly MineFunction[] {
  return readMineFunctions((config.mine_functions ?? {}) as Readonly<Record<string, unknown>>);
}

async function isThere({ catalogue }: MinionContext, { fun }: MineFunction): Promise<boolean> {
  try {
    await findFunction(catalogue, fun);
    return true;
  } catch (error) {
    if (error instanceof FleetError) return false;
    throw error;
  }
}

function shown({ name, fun, args, kwargs }: MineFunction): unknown {
  const all = [...args, ...Object.entries(kwargs).map(([key, value]) => ({ [key]: value }))];
  return name === fun ? all : { [fun]: all };
}
