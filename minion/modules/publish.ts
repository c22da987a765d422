import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { Real, Text, Value } from '../../shared/plugin/args.ts';
import { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { splitPublished } from '../lib/split_published.ts';

/** What the answer itself may take beyond the time that returns are waited for, seconds. */
const ANSWER_SECONDS = 5;

const args = {
  tgt: TargetExpression,
  fun: Text,
  arg: v.optional(Value),
  tgt_type: v.optional(TargetType, 'glob'),
  returner: v.optional(Text, ''),
  timeout: v.optional(Real, 5),
};
interface Published {
  readonly tgt: TargetExpression;
  readonly fun: string;
  readonly arg?: unknown;
  readonly tgt_type: TargetType;
  readonly returner: string;
  readonly timeout: number;
}

export default defineModule({
  summary: 'Run functions on other minions, or runners, as far as the master allows it to this one.',
  functions: {
    publish: fn({
      summary: 'Run a function on other minions and return what they return within the timeout.',
      description:
        'The master allows it by `peer` in its configuration. arg is one argument or a list of them; a text such as\n' +
        'name=value is a keyword argument. timeout is in seconds.',
      args: { ...args, via_master: v.optional(Text) },
      returns: 'the returns by minion.',
      examples: ["salt db1 publish.publish 'web*' test.ping", "salt db1 publish.publish '*' cmd.run 'uptime'"],
      async run(context, { via_master: master, ...request }) {
        if (master !== undefined) {
          throw new FleetError('ARGS_INVALID', 'via_master chooses among several masters, and a minion has one', {
            hint: 'leave it out',
          });
        }
        const returns = await publish(context, request);
        return Object.fromEntries(Object.entries(returns).map(([id, result]) => [id, result.ret]));
      },
    }),
    full_data: fn({
      summary: 'The same, with the return code and the outputter of each return.',
      args,
      returns: 'by minion `ret`, `retcode` and, where there is one, `out`.',
      examples: ["salt db1 publish.full_data 'web*' test.ping"],
      run: (context, request) => publish(context, request),
    }),
    runner: fn({
      summary: 'Call a runner function on the master and return what it returns.',
      description: 'The master allows it by `peer_run` in its configuration.',
      args: { fun: Text, arg: v.optional(Value), timeout: v.optional(Real, 5) },
      examples: ['salt db1 publish.runner manage.down'],
      run: ({ master }, { fun, arg, timeout }) =>
        master.ask('publish', { op: 'runner', fun, ...splitPublished(arg) }, timeout + ANSWER_SECONDS),
    }),
  },
});

async function publish({ master }: MinionContext, { returner, arg, ...request }: Published) {
  // A publish that publishes would go round for ever.
  if (request.fun.startsWith('publish.')) throw new FleetError('ARGS_INVALID', 'publish calls cannot be published');
  const question = { op: 'publish', ...request, ...splitPublished(arg), ...(returner !== '' && { ret: returner }) };
  const { returns } = (await master.ask('publish', question, request.timeout + ANSWER_SECONDS)) as {
    readonly returns: Readonly<Record<string, { readonly ret: unknown; readonly retcode: number }>>;
  };
  return returns;
}
