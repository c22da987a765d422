import { FleetError } from '../errors.ts';
import { TOPIC_LIMITS, topicFits } from './topic.ts';

/** Throws ARGS_INVALID when an event's tag cannot stand in the topic that carries it, behind `prefix` with this `id`. */
export function checkTag(tag: string, prefix: string, id = ''): void {
  const isTag = tag !== '' && !/[+#\0]|\/\/|^\/|\/$/.test(tag);
  if (isTag && topicFits(`${prefix}${tag}`, id)) return;
  throw new FleetError('ARGS_INVALID', `${JSON.stringify(tag)} cannot be the tag of an event`, {
    hint: isTag
      ? `behind ${prefix} it may have ${TOPIC_LIMITS.bytes - prefix.length + id.length} bytes; the topic may have ${TOPIC_LIMITS.levels} levels`
      : 'write levels separated by single slashes, without + and #, such as myapp/deployed',
  });
}
