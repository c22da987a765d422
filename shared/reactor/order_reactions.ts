import { callName, type Reaction } from './reaction.ts';

/** What is behind every number that somebody wrote. */
const LAST = 1_000_000;

/**
 * The reactions to one event in the order in which they begin: by `order`, then by type, id and function (RCT-5). A
 * negative order counts from the end; those without one come behind the positive ones.
 */
export function orderReactions(reactions: readonly Reaction[]): readonly Reaction[] {
  const orders = reactions.map(({ order }) => order);
  const cap = Math.max(
    1,
    ...orders.map((order) => (Number.isInteger(order) && Number(order) > 0 ? Number(order) + 100 : 1)),
  );
  const placeOf = (order: unknown): number => {
    if (order === 'first') return 0;
    if (order === 'last') return cap + LAST;
    if (typeof order !== 'number') return cap;
    return order < 0 ? cap + LAST + order : order;
  };
  const nameOf = ({ kind, id, request }: Reaction): string => `${kind}${id}${request.fun}`;
  return reactions
    .map((reaction) => ({ reaction, place: placeOf(reaction.order), name: nameOf(reaction) }))
    .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ reaction }) => reaction);
}

/** Ids that stand in more than one file: Salt forgets all but the last of them; here all run and somebody is told. */
export function sharedIds(reactions: readonly Reaction[]): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, Set<string>>();
  for (const { id, file } of reactions) files.set(id, (files.get(id) ?? new Set()).add(file));
  return new Map([...files].filter(([, names]) => names.size > 1).map(([id, names]) => [id, [...names]]));
}

/** What tells a reaction from all others to the same event, whatever else changes in its file. */
export function reactionName(reaction: Reaction): string {
  return `${reaction.file} ${reaction.id} ${callName(reaction)}`;
}
