import { topicFits } from '../../../shared/protocol/topic.ts';

/**
 * `salt/beacon/<id>/<name>/<rest>` (BCN-4). A level of a topic is never empty, so that Salt's `inotify//etc/hosts` is
 * `inotify/etc/hosts` here; and the tag must fit a topic, so that a long rest loses its last levels: the data has all of it.
 */
export function beaconTag(id: string, name: string, rest = ''): string {
  const head = `salt/beacon/${id}/${name}`;
  const levels = rest
    .replace(/[+#\0]/g, '_')
    .split('/')
    .filter((level) => level !== '');
  while (levels.length > 0) {
    const tag = `${head}/${levels.join('/')}`;
    if (topicFits(`salt/fire/${id}/${tag}`, id)) return tag;
    levels.pop();
  }
  return head;
}
