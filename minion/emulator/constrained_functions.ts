import { type Clock, sleep } from '../../shared/clock.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { Behaviour, Character } from './behaviour.ts';

/** What a return says beside whose it is. */
export type Outcome = Pick<ReturnPayload, 'return'> & Partial<Pick<ReturnPayload, 'retcode' | 'ended'>>;

type Call = (job: JobPayload, signal: AbortSignal) => unknown;

/** Beside `test.ping`, which all have; and what they are declared with is there and does nothing. */
export const ownFunctions: readonly string[] = ['test.echo', 'test.count', 'test.sleep'];

export interface ConstrainedFunctionsOptions {
  readonly declaration: { readonly functions: readonly string[] };
  readonly character: Character;
  readonly behaviour: Pick<Behaviour, 'slowMs'>;
  readonly clock: Clock;
}

/** What a constrained minion can do. Never rejects. */
export function createConstrainedFunctions(options: ConstrainedFunctionsOptions) {
  const { declaration, character, behaviour, clock } = options;
  let count = 0;
  const own: Readonly<Record<string, Call>> = {
    'test.ping': () => true,
    'test.echo': ({ arg = [], kwarg = {} }) => arg[0] ?? kwarg.text ?? null,
    'test.count': () => count,
    'test.sleep': async ({ arg = [] }, signal) => {
      await sleep(clock, Math.max(0, Number(arg[0]) || 0) * 1000, signal);
      return true;
    },
  };
  const find = (fun: string): Call | undefined =>
    Object.hasOwn(own, fun) ? own[fun] : declaration.functions.includes(fun) ? () => true : undefined;
  return {
    async call(job: JobPayload, signal: AbortSignal): Promise<Outcome> {
      count++;
      if (character === 'slow') await sleep(clock, behaviour.slowMs, signal);
      const call = find(job.fun);
      if (call === undefined) return { return: `'${job.fun}' is not available.`, retcode: 127 };
      return { return: await call(job, signal) };
    },
  };
}
