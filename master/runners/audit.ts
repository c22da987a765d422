import { FleetError } from '../../shared/errors.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: 'Who asked for what, and whether he was allowed.',
  functions: {
    verify: fn({
      summary: 'Recompute the chain of hashes of the audit log.',
      args: {},
      description:
        'head is the hash of the last line: kept on another machine, it proves later that nothing before it was changed.',
      returns:
        'how many entries there are, head, and the first line that is not what it was; then the return code is 1.',
      examples: ['salt-run audit.verify'],
      reads: true,
      async run(context) {
        if (context.audit === undefined) {
          throw new FleetError('COMMAND_FAILED', 'there is no audit log', { hint: 'audit_log of the master is False' });
        }
        const verified = await context.audit.verify();
        if (verified.broken !== undefined) context.setRetcode(1);
        return verified;
      },
    }),
  },
});
