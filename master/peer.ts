import { type Format, isMapping, isTextList } from '../shared/config/format.ts';
import { compileRegex } from '../shared/target/regex.ts';
import { matcherOf } from '../shared/target/target.ts';

/** Functions that are allowed: a regular expression, or by target `{'<glob of minions>': [regular expressions]}`. */
export type PeerPermission = string | Readonly<Record<string, readonly string[]>>;
/** By the regular expression of who asks (ACL-1). */
export type PeerRules = Readonly<Record<string, readonly PeerPermission[]>>;

/** The settings `peer` and `peer_run`. */
export const peerRules: Format<PeerRules> = {
  expects: 'a mapping of minion ids (regular expressions) to lists of functions (regular expressions)',
  read(value) {
    if (!isMapping(value)) return undefined;
    const isRight = Object.values(value).every((list) => Array.isArray(list) && list.every(isPermission));
    return isRight && patternsOf(value as PeerRules).every(isRegex) ? (value as PeerRules) : undefined;
  },
  fromText: (text) => text,
};

function isPermission(value: unknown): value is PeerPermission {
  return typeof value === 'string' || (isMapping(value) && Object.values(value).every(isTextList));
}

function patternsOf(rules: PeerRules): string[] {
  return Object.entries(rules).flatMap(([id, permissions]) => [
    id,
    ...permissions.flatMap((permission) =>
      typeof permission === 'string' ? [permission] : Object.values(permission).flat(),
    ),
  ]);
}

function isRegex(pattern: string): boolean {
  try {
    compileRegex(pattern);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether minion `id` may run `fun` on all of `minions`. Deny by default. Expressions match whole names: Salt's match
 * the beginning, and `web1` would then speak for `web10` too.
 */
export async function mayPeerPublish(
  rules: PeerRules,
  question: { readonly id: string; readonly fun: string; readonly minions: readonly string[] },
): Promise<boolean> {
  for (const permission of permissionsOf(rules, question.id)) {
    if (typeof permission === 'string') {
      if (isWhole(permission, question.fun)) return true;
      continue;
    }
    for (const [tgt, functions] of Object.entries(permission)) {
      const matches = await matcherOf(tgt, 'glob');
      const isWithin = question.minions.every((id) => matches({ id }));
      if (isWithin && functions.some((pattern) => isWhole(pattern, question.fun))) return true;
    }
  }
  return false;
}

/** Whether minion `id` may call the runner function `fun`. */
export function mayPeerRun(rules: PeerRules, { id, fun }: { readonly id: string; readonly fun: string }): boolean {
  return permissionsOf(rules, id).some((permission) => typeof permission === 'string' && isWhole(permission, fun));
}

function permissionsOf(rules: PeerRules, id: string): PeerPermission[] {
  return Object.entries(rules).flatMap(([pattern, permissions]) => (isWhole(pattern, id) ? [...permissions] : []));
}

function isWhole(pattern: string, text: string): boolean {
  return compileRegex(`^(?:${pattern})$`).matchesStart(text);
}
