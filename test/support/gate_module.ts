import { defineModule, fn, type MinionContext } from '../../minion/context.ts';
import { Text } from '../../shared/plugin/args.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { Inbox } from '../integration/broker/inbox.ts';

export interface Gate {
  readonly module: ModuleSpec<MinionContext>;
  /** `<minion> <name>` of each call of `gate.wait` that began. */
  readonly entered: Inbox<string>;
  /** Lets the calls of that name return, those to come too: of all minions, or of some. */
  open(name: string, minions?: readonly string[]): void;
}

/** An execution module whose `gate.wait <name>` runs until the test opens that gate, or until the job is stopped. */
export function createGate(): Gate {
  const opened = new Inbox<{ readonly name: string; readonly minions: ReadonlySet<string> | undefined }>();
  const entered = new Inbox<string>();
  const wait = fn({
    summary: 'Wait at a gate.',
    args: { name: Text },
    examples: ["salt '*' gate.wait one"],
    async run({ id, signal }, { name }) {
      entered.push(`${id} ${name}`);
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const passage = opened.waitFor((open) => open.name === name && open.minions?.has(id) !== false);
      await Promise.race([passage, aborted]);
      return `through ${name}`;
    },
  });
  return {
    module: defineModule({ summary: 'Hold jobs at a gate.', functions: { wait } }),
    entered,
    open: (name, minions) => opened.push({ name, minions: minions === undefined ? undefined : new Set(minions) }),
  };
}
