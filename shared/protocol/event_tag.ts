import { FleetError } from '../errors.ts';
import { TOPIC_LIMITS } from './topic.ts';

/** Throws ARGS_INVALID when an event's tag cannot stand in the topic that carries it, behind `prefix`. */
export function checkTag(tag: string, prefix: string): void {
  const topic = `${prefix}${tag}`;
  const isTag = tag !== '' && !/[+#\0]|\/\/|^\/|\/$/.test(tag);
  const fits = Buffer.byteLength(topic) <= TOPIC_LIMITS.bytes && topic.split('/').length <= TOPIC_LIMITS.levels;
  if (isTag && fits) return;
  throw new FleetError('ARGS_INVALID', `${JSON.stringify(tag)} cannot be the tag of an event`, {
    hint: isTag
      ? `the topic ${prefix}<tag> may have ${TOPIC_LIMITS.bytes} bytes and ${TOPIC_LIMITS.levels} levels`
      : 'write levels separated by single slashes, without + and #, such as myapp/deployed',
  });
}
