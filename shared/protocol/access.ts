import type { AnyMessage, Role } from './message.ts';
import { filterMatches, matchLevels, TOPIC_LIMITS, templateLevels, topicFits } from './topic.ts';

/** Who a connection is. It comes from the connection (certificate, socket, credentials), never from a payload. */
export interface Identity {
  readonly role: Role;
  /** Minion id, operator name or, for an unenrolled client, its key's fingerprint. */
  readonly id: string;
  /** Of an observer: filters of what it may see. */
  readonly topics?: readonly string[];
}

export interface Access {
  /** The message this publish is, when `who` may send it. */
  mayPublish(
    who: Identity,
    topic: string,
  ): { message: AnyMessage; params: Readonly<Record<string, string>> } | undefined;
  /** Whether a topic may be handed to `who`, whatever filter matched it. */
  mayReceive(who: Identity, topic: string): boolean;
  maySubscribe(who: Identity, filter: string): boolean;
  /** Whether nobody but operators and observers may receive any of its kind. */
  isForWatchers(topic: string): boolean;
}

/** A message that a topic may be, by its shape. */
interface Match {
  readonly message: AnyMessage;
  readonly params: Readonly<Record<string, string>>;
}

/** Topics whose matches are kept; longer ones are nobody's. */
const KEPT_MAX = 2048;
const KEPT_LENGTH_MAX = 256;

/** The whole access control, derived from the message table: there is no second list to forget. Deny by default. */
export function createAccess(table: readonly AnyMessage[]): Access {
  const kinds = byKind(table);
  const matchesOf = createMatcher(kinds);
  const kindsForWatchers = new Set(
    [...kinds].filter(([, messages]) => messages.every(isForWatchers)).map(([kind]) => kind),
  );
  return {
    mayPublish(who, topic) {
      if (who.role === 'observer' || /[+#\0]/.test(topic)) return undefined;
      const match = matchesOf(topic).find(({ message, params }) => isParty(message.from, who, params));
      return match !== undefined && topicFits(topic, match.params.id) ? match : undefined;
    },
    mayReceive(who, topic) {
      if (who.role === 'observer' && !who.topics?.some((filter) => filterMatches(filter, topic))) return false;
      return matchesOf(topic).some(({ message, params }) => isParty(message.to, who, params));
    },
    isForWatchers: (topic) => kindsForWatchers.has(kindOf(topic)),
    maySubscribe(who, filter) {
      if (Buffer.byteLength(filter) > TOPIC_LIMITS.bytes || filter.startsWith('$share')) return false;
      if (who.role === 'observer') return !filter.startsWith('$');
      // An operator may watch everything; what belongs to another operator is held back at delivery.
      if (who.role === 'operator')
        return filter === '#' || filter === '+/#' || !filter.startsWith('$') || filter.startsWith('$SYS/');
      if (who.role === 'local') return filter === '#' || filter === '$local/#' || filter.startsWith('$local/');
      const levels = filter.split('/');
      return table.some((message) =>
        message.to.some((party) => party.role === who.role && coversOwn(message.topic, party.self, who.id, levels)),
      );
    },
  };
}

function byKind(table: readonly AnyMessage[]): ReadonlyMap<string, readonly AnyMessage[]> {
  const kinds = new Map<string, AnyMessage[]>();
  for (const message of table) {
    const kind = kindOf(message.topic);
    kinds.set(kind, [...(kinds.get(kind) ?? []), message]);
  }
  return kinds;
}

function isForWatchers({ to }: AnyMessage): boolean {
  return to.every(({ role }) => role === 'operator' || role === 'master');
}

/** It is asked about one topic when a message comes in, and again for each who may get it. */
function createMatcher(kinds: ReadonlyMap<string, readonly AnyMessage[]>): (topic: string) => readonly Match[] {
  const kept = new Map<string, readonly Match[]>();
  let last: { readonly topic: string; readonly matches: readonly Match[] } | undefined;
  return (topic) => {
    const known = last?.topic === topic ? last.matches : kept.get(topic);
    if (known !== undefined) return known;
    const levels = topic.split('/');
    const matches = (kinds.get(kindOf(topic)) ?? []).flatMap((message) => {
      const params = matchLevels(templateLevels(message.topic), levels);
      return params === undefined ? [] : [{ message, params }];
    });
    if (topic.length > KEPT_LENGTH_MAX) return matches;
    // What names a job is said by its minions one after another, and never again: it would push out what is asked again, so
    // only the last is kept.
    if (matches.some(({ params }) => params.jid !== undefined)) {
      last = { topic, matches };
      return matches;
    }
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(topic, matches);
    return matches;
  };
}

/** The first two levels tell the kind apart; the rest is matched level by level. */
function kindOf(topic: string): string {
  if (topic.startsWith('$local/')) return '$local';
  const second = topic.indexOf('/', topic.indexOf('/') + 1);
  return second === -1 ? topic : topic.slice(0, second);
}

function isParty(
  parties: readonly { readonly role: Role; readonly self?: string }[],
  who: Identity,
  params: Readonly<Record<string, string>>,
): boolean {
  // What every operator sees, observers see.
  if (who.role === 'observer') return parties.some(({ role, self }) => role === 'operator' && self === undefined);
  return parties.some(
    (party) => party.role === who.role && (party.self === undefined || params[party.self] === who.id),
  );
}

/**
 * A filter is within one's own subtree when all levels up to and including `self` are spelt out; what follows may have
 * wildcards. A message to everyone of a role is asked for by its exact shape.
 */
function coversOwn(template: string, self: string | undefined, id: string, filter: readonly string[]): boolean {
  const levels = templateLevels(template);
  const own = levels.findIndex((level) => level.kind !== 'literal' && level.text === self);
  if (own === -1 && filter.length !== levels.length) return false;
  const fixed = own === -1 ? levels : levels.slice(0, own + 1);
  return fixed.every((level, index) => {
    const have = filter[index];
    if (index === own) return have === id;
    if (level.kind === 'literal') return have === level.text;
    return have !== undefined && have !== '#' && (own === -1 || have !== '+');
  });
}
