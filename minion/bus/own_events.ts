import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import { mayFire } from '../../shared/event_tags.ts';
import type { Encoding } from '../../shared/protocol/codec.ts';
import { checkTag } from '../../shared/protocol/event_tag.ts';
import { Fire } from '../../shared/protocol/messages/event.ts';
import type { MinionConfig } from '../config.ts';
import type { Events, Grains } from '../context.ts';
import type { Outbox } from '../jobs/outbox.ts';

/** Throws when this minion may not fire such a tag on the master's bus, or no topic can carry it. */
export function checkFiredTag(id: string, tag: string): void {
  checkTag(tag, `salt/fire/${id}/`, id);
  if (mayFire(id, tag)) return;
  throw new FleetError('NOT_PERMITTED', `a minion may not fire events of tag ${tag}`, {
    hint: 'use a tag of your own with at least one /, such as myapp/deployed',
  });
}

/** The time an event was fired stays with it, however long it waits in the outbox. */
export function createFireMaster(
  id: string,
  outbox: Pick<Outbox, 'add'>,
  clock: Clock,
  encoding?: Encoding,
): Events['fireMaster'] {
  return async (tag, data) => {
    checkFiredTag(id, tag);
    const stamped = { _stamp: eventStamp(clock.nowMs()), ...data };
    await outbox.add('event', Fire.encode({ id, tag }, stamped, encoding));
  };
}

/** Salt's text of `salt/minion/<id>/start`. */
export function startData(
  { id, start_event_grains }: MinionConfig,
  grains: Grains,
  clock: Clock,
): Readonly<Record<string, unknown>> {
  const all = grains.all();
  const chosen = start_event_grains.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]]);
  return {
    data: `Minion ${id} started at ${new Date(clock.nowMs()).toUTCString()}`,
    ...(chosen.length > 0 && { grains: Object.fromEntries(chosen) }),
  };
}
