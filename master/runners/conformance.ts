import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { Real, Text } from '../../shared/plugin/args.ts';
import { examine } from '../conformance/examine.ts';
import { openSession } from '../conformance/session.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: 'See whether a minion, of whatever kind, does what the protocol wants.',
  functions: {
    run: fn({
      summary: 'Play jobs at a minion, good ones and bad ones, and print what it made of them and the level it has.',
      args: { id: Text, timeout: v.optional(v.pipe(Real, v.minValue(0.05)), 5), probe: v.optional(Text) },
      description:
        'L0: runs jobs, each once and never late. L1: checks signatures and comes back. L2: says that a job runs, stops it, pulls large arguments. L3: a full minion. timeout: seconds until silence counts as an answer. probe: a function that returns something else each time it runs, to see whether a job ran twice; left out: test.random_hash, or test.count of a constrained minion. Nothing is changed on the minion.',
      returns: 'the level, all checks, and what was measured; the return code is 1 when a check failed.',
      examples: ['salt-run conformance.run led1', 'salt-run conformance.run led1 --json'],
      async run(context, { id, timeout, probe }) {
        const { fleet, devices, clock } = context;
        if (!fleet.isOnline(id)) {
          throw new FleetError('ARGS_INVALID', `${id} is not connected`, { hint: 'salt-run manage.up lists who is' });
        }
        const device = devices.get(id);
        const session = openSession(context, id, timeout * 1000);
        try {
          const result = await examine(
            session,
            {
              blocks: device?.blocks ?? false,
              probe: probe ?? (session.info.enc === 'cbor' ? 'test.random_hash' : 'test.count'),
            },
            clock.monotonicMs,
          );
          context.setOut('conformance');
          if (result.checks.some((check) => check.result === 'failed')) context.setRetcode(1);
          return result;
        } finally {
          session.end();
        }
      },
    }),
  },
});
