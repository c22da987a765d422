import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Dict, Flag, List, Real, Text } from '../../../shared/plugin/args.ts';
import { TargetExpression, TargetType } from '../../../shared/protocol/fields.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';

/** How long returns, and a runner, are waited for when nothing is said. */
const TIMEOUT_SECONDS = 5;
/** What the answer itself may take beyond that. */
const ANSWER_SECONDS = 5;

const jobArgs = {
  ...{ tgt: TargetExpression, fun: Text, arg: v.optional(List), timeout: v.optional(Real) },
  ...{ tgt_type: v.optional(TargetType, 'glob'), ret: v.optional(Text, ''), kwarg: v.optional(Dict, {}) },
  ssh: v.optional(v.literal(false, 'must be False: there is no salt-ssh'), false),
};
interface Job {
  readonly tgt: TargetExpression;
  readonly fun: string;
  readonly arg?: readonly unknown[] | undefined;
  readonly timeout?: number | undefined;
  readonly tgt_type: TargetType;
  readonly ret: string;
  readonly kwarg: Readonly<Record<string, unknown>>;
}

/** What Salt does on a master's own minion; here any minion may, if the master allows it to. */
export const masterFunctions = {
  cmd: fn({
    summary: 'Run a function on other minions and return what comes back within the timeout.',
    description: 'The master allows it by `peer` in its configuration.',
    args: jobArgs,
    returns: 'by minion `ret`, `retcode` and, where there is one, `out`.',
    examples: ["salt '*' saltutil.cmd 'web*' test.ping"],
    run: (context, job) => runJob(context, job),
  }),
  cmd_iter: fn({
    summary: 'The same as a list, one mapping for each minion.',
    description: 'The master allows it by `peer` in its configuration.',
    args: jobArgs,
    examples: ["salt '*' saltutil.cmd_iter 'web*' test.ping"],
    run: async (context, job) => Object.entries(await runJob(context, job)).map(([id, result]) => ({ [id]: result })),
  }),
  runner: fn({
    summary: 'Call a runner function on the master and return what it returns.',
    description: 'The master allows it by `peer_run` in its configuration.',
    args: {
      ...{ name: Text, arg: v.optional(List), kwarg: v.optional(Dict), full_return: v.optional(Flag, false) },
      ...{ saltenv: v.optional(Text, 'base'), jid: v.optional(Text) },
    },
    returns: 'with full_return=True a mapping with it under `return`.',
    examples: ["salt '*' saltutil.runner jobs.list_jobs", "salt '*' saltutil.runner test.arg arg='[1]' kwarg='{a: 2}'"],
    async run({ master }, { name: fun, arg = [], kwarg = {}, full_return }) {
      const question = { op: 'runner', fun, arg, kwarg };
      const value = await master.ask('publish', question, TIMEOUT_SECONDS + ANSWER_SECONDS);
      return full_return ? { return: value, success: true } : value;
    },
  }),
  wheel: fn({
    summary: 'Fail: a minion has no way to the wheel functions of a master.',
    description:
      'In Salt it works on a minion that runs on the machine of its master. Use `salt-key` or a runner there.',
    args: { name: Text },
    varargs: true,
    varkw: true,
    examples: ['salt my-local-minion saltutil.wheel key.accept jerry'],
    run() {
      throw commandFailed('This command can only be executed on a minion that is located on the master.');
    },
  }),
};

async function runJob(
  { master }: MinionContext,
  { arg = [], timeout = TIMEOUT_SECONDS, ret, tgt, tgt_type, fun, kwarg }: Job,
): Promise<Readonly<Record<string, unknown>>> {
  // A job that makes jobs would go round for ever.
  if (/^(publish|saltutil\.(cmd|cmd_iter))\b/.test(fun)) {
    throw new FleetError('ARGS_INVALID', `${fun} cannot be run on other minions from here`);
  }
  const question = { op: 'publish', tgt, tgt_type, fun, arg, kwarg, timeout, ...(ret !== '' && { ret }) };
  const { returns } = (await master.ask('publish', question, timeout + ANSWER_SECONDS)) as {
    readonly returns: Readonly<Record<string, unknown>>;
  };
  return returns;
}
