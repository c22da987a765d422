import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Dict, Flag, Text, TextList, Value } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';

/** True for everything, False for nothing, or the names of what is wanted. */
const Choice = v.union([Flag, TextList]);
type Choice = v.InferOutput<typeof Choice>;

export default defineModule({
  summary: "Fire events on the minion's own bus and on the master's.",
  functions: {
    fire: fn({
      summary: "Fire an event on the minion's own bus; it never leaves the machine.",
      args: { data: Dict, tag: Text },
      returns: '``True``.',
      examples: ["salt '*' event.fire '{\"port\": 8080}' myapp/ready"],
      async run(context, { data, tag }) {
        await context.events.fire(tag, data);
        return true;
      },
    }),
    fire_master: fn({
      summary: "Fire an event on the master's bus.",
      description:
        "The data arrives at the master under `data`, beside the minion's `id` and the `tag`. Members of preload that\n" +
        'the data does not have are sent with it.',
      args: { data: Dict, tag: Text, preload: v.optional(Dict, {}) },
      returns: '``True``.',
      examples: ["salt '*' event.fire_master '{\"build\": 42}' myapp/deployed"],
      async run(context, { data, tag, preload }) {
        await context.events.fireMaster(tag, { ...preload, ...data });
        return true;
      },
    }),
    send: fn({
      summary: "Send an event to the master, made of data, further keyword arguments and the minion's own data.",
      description:
        'with_env, with_grains and with_pillar add the environment, the grains and the pillar: True for all, or the\n' +
        'names of those wanted. with_env_opts adds saltenv and pillarenv. Members of data win over all of these.',
      args: {
        tag: Text,
        data: v.optional(Value),
        preload: v.optional(Dict, {}),
        with_env: v.optional(Choice, false),
        with_grains: v.optional(Choice, false),
        with_pillar: v.optional(Choice, false),
        with_env_opts: v.optional(Flag, false),
      },
      varkw: true,
      returns: '``True``.',
      examples: [
        'salt-call event.send myapp/mytag foo=Foo bar=Bar',
        "salt-call event.send myapp/mytag '{foo: Foo, bar: Bar}'",
        "salt '*' event.send myapp/mytag with_grains='[os, osrelease]'",
      ],
      async run(context, args, { kwargs }) {
        const own = await ownData(context, args.with_env, args.with_grains, args.with_pillar);
        const { saltenv = 'base', pillarenv = null } = context.config;
        await context.events.fireMaster(args.tag, {
          ...args.preload,
          ...own,
          ...(args.with_env_opts && { saltenv, pillarenv }),
          ...Object.fromEntries(Object.entries(kwargs).filter(([key]) => !key.startsWith('__'))),
          ...asMembers(args.data),
        });
        return true;
      },
    }),
  },
});

async function ownData(
  context: MinionContext,
  env: Choice,
  grains: Choice,
  pillar: Choice,
): Promise<Record<string, unknown>> {
  const data: Record<string, unknown> = {};
  if (isWanted(env)) data.environ = choose(await readEnvironment(context.root), env);
  if (isWanted(grains)) data.grains = choose(context.grains.all(), grains);
  if (isWanted(pillar)) data.pillar = choose(context.pillar, pillar);
  return data;
}

function isWanted(choice: Choice): boolean {
  return choice === true || (Array.isArray(choice) && choice.length > 0);
}

/** What is wanted and not there is None, as in Salt. */
function choose(all: Readonly<Record<string, unknown>>, choice: Choice): Readonly<Record<string, unknown>> {
  if (!Array.isArray(choice)) return all;
  return Object.fromEntries(choice.map((name) => [name, Object.hasOwn(all, name) ? all[name] : null]));
}

/** The environment that the minion was started with. */
async function readEnvironment(root: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(root, 'proc/self/environ'), 'utf8');
  const entries = text
    .split('\0')
    .filter((entry) => entry.includes('='))
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  return Object.fromEntries(entries);
}

/** Data that is not a mapping is sent under the name `data`. */
function asMembers(data: unknown): Readonly<Record<string, unknown>> {
  if (data === undefined || data === null) return {};
  if (typeof data === 'object' && !Array.isArray(data)) return data as Record<string, unknown>;
  return { data };
}
