import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { type CountedRule, countRule } from '../../shared/reactor/counted_rule.ts';
import { type ReactorRule, readRule, toRules, toSetting } from '../../shared/reactor/reactor_rules.ts';
import type { ReactionStore } from './reaction_store.ts';

/** The rules of the configuration, and those that were added and deleted since. */
export interface Rulebook {
  all(): readonly CountedRule[];
  /** Salt's form. */
  list(): Record<string, unknown>[];
  /** False when there is a rule for that tag. Throws ARGS_INVALID. */
  add(tag: string, files: unknown): Promise<boolean>;
  /** False when there is none. */
  delete(tag: string): Promise<boolean>;
}

export function createRulebook(setting: readonly unknown[], store: ReactionStore, clock: Clock): Rulebook {
  const counted = (rule: ReactorRule): CountedRule => countRule(rule, clock);
  const changes = store.rules();
  // What an operator did at runtime stands over the file, by tag.
  const fromFile = toRules(setting).filter(({ tag }) => !changes.has(tag));
  const added = [...changes.values()].map(readRule).filter((rule) => rule !== undefined);
  let rules = [...fromFile, ...added].map(counted);
  return {
    all: () => rules,
    list: () => rules.map(toSetting),
    async add(tag, files) {
      if (rules.some((rule) => rule.tag === tag)) return false;
      const value = { [tag]: files };
      const rule = readRule(value);
      if (rule === undefined) {
        throw new FleetError('ARGS_INVALID', `${JSON.stringify(files)} are no reactor files`, {
          hint: 'give a list of absolute paths or salt:// URLs, with {rate_limit: 10/1m, debounce: 30s} beside them if needed',
        });
      }
      await store.putRule(tag, value);
      rules = [...rules, counted(rule)];
      return true;
    },
    async delete(tag) {
      if (!rules.some((rule) => rule.tag === tag)) return false;
      await store.putRule(tag, null);
      rules = rules.filter((rule) => rule.tag !== tag);
      return true;
    },
  };
}
