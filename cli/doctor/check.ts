import { stripControl } from '../strip_control.ts';
import type { Daemon } from './look_at_daemon.ts';
import type { BareMachine, MasterMachine, MinionMachine } from './machine.ts';

/** Where in the list a check stands: what the later ones rest on comes first. */
export const stages = ['machine', 'daemon', 'network', 'identity', 'traffic'] as const;

/**
 * One thing that was found. What is not well comes with what mends it: a line that a shell takes as it is, with what a
 * person has to know besides behind `#`.
 */
export type Finding =
  | { readonly status: 'ok' | 'skip'; readonly text: string }
  | {
      readonly status: 'warn' | 'fail';
      readonly text: string;
      readonly mend: string;
      /** Where to type it, when that is another machine: `on the master`. */
      readonly where?: string;
    };

/** Names of clients, topics and files come from anybody: none may end a line, or the comment that it stands in. */
function oneLine(text: string): string {
  return stripControl(text).replaceAll(/\s*\n\s*/g, ' ');
}

export const ok = (text: string): Finding => ({ status: 'ok', text: oneLine(text) });
/** It could not be looked at, for a reason that another check tells. */
export const skip = (text: string): Finding => ({ status: 'skip', text: oneLine(text) });
export const doesNotAnswer = (daemon: Daemon['name']): Finding => skip(`${daemon} does not answer`);
export const masterNotReached = skip('the master was not reached');
export const warn = (text: string, mend: string, where?: string): Finding => ({
  status: 'warn',
  text: oneLine(text),
  mend: oneLine(mend),
  ...(where !== undefined && { where }),
});
export const fail = (text: string, mend: string, where?: string): Finding => ({
  status: 'fail',
  text: oneLine(text),
  mend: oneLine(mend),
  ...(where !== undefined && { where }),
});

/** The edges that gather facts, by the machines they are gathered on. `any` needs no configuration that can be read. */
export interface Gatherers<F> {
  any?(machine: BareMachine): Promise<F>;
  master?(machine: MasterMachine): Promise<F>;
  minion?(machine: MinionMachine): Promise<F>;
}

/** One thing that is looked at. The file's name is the name of the check. */
export interface Check<F> {
  /** One sentence with a full stop. */
  readonly summary: string;
  readonly stage: (typeof stages)[number];
  /** It may have to wait for the network; `--quick` leaves it out. */
  readonly asksNetwork?: true;
  readonly gather: Gatherers<F>;
  /** Says of facts what they mean. Pure. */
  judge(facts: F): readonly Finding[];
}

/** A check as the list of them sees it: what it finds on each kind of machine it is for. */
export interface AnyCheck extends Pick<Check<unknown>, 'summary' | 'stage' | 'asksNetwork'> {
  readonly look: Gatherers<readonly Finding[]>;
}

export function defineCheck<F>({ gather, judge, ...about }: Check<F>): AnyCheck & Pick<Check<F>, 'judge'> {
  const { any, master, minion } = gather;
  return {
    ...about,
    judge,
    look: {
      ...(any !== undefined && { any: async (machine) => judge(await any(machine)) }),
      ...(master !== undefined && { master: async (machine) => judge(await master(machine)) }),
      ...(minion !== undefined && { minion: async (machine) => judge(await minion(machine)) }),
    },
  };
}
