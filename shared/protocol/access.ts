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
}

/** The whole access control, derived from the message table: there is no second list to forget. Deny by default. */
export function createAccess(table: readonly AnyMessage[]): Access {
  const byKind = new Map<string, AnyMessage[]>();
  for (const message of table) {
    const kind = kindOf(message.topic);
    byKind.set(kind, [...(byKind.get(kind) ?? []), message]);
  }
  return {
    mayPublish(who, topic) {
      if (who.role === 'observer' || /[+#\0]/.test(topic)) return undefined;
      const levels = topic.split('/');
      for (const message of byKind.get(kindOf(topic)) ?? []) {
        const params = matchLevels(templateLevels(message.topic), levels);
        if (params === undefined || !isParty(message.from, who, params)) continue;
        return topicFits(topic, params.id) ? { message, params } : undefined;
      }
      return undefined;
    },
    mayReceive(who, topic) {
      if (who.role === 'observer' && !who.topics?.some((filter) => filterMatches(filter, topic))) return false;
      const levels = topic.split('/');
      return (byKind.get(kindOf(topic)) ?? []).some((message) => {
        const params = matchLevels(templateLevels(message.topic), levels);
        return params !== undefined && isParty(message.to, who, params);
      });
    },
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
