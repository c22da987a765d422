import * as v from 'valibot';
import { type BeaconEvent, defineBeacon } from '../beacon.ts';
import { createEventQueue } from '../lib/beacon/event_queue.ts';
import { type ChangeKind, createFileWatcher } from '../lib/beacon/file_watcher.ts';
import { PathKey } from '../lib/beacon/path_key.ts';

const KINDS = ['create', 'modify', 'delete', 'move'] as const;

/** By what happened, the kind of the mask and the word of the event. */
const WORDS: Readonly<Record<ChangeKind, readonly [(typeof KINDS)[number], string]>> = {
  create: ['create', 'created'],
  modify: ['modify', 'modified'],
  attrib: ['modify', 'modified'],
  delete: ['delete', 'deleted'],
  delete_self: ['delete', 'deleted'],
  moved_from: ['move', 'moved'],
  moved_to: ['create', 'created'],
};

export default defineBeacon({
  summary: 'Tells what happens to the files of folders.',
  description: '``inotify`` does the same and more.',
  config: v.strictObject({
    directories: v.record(
      PathKey,
      v.nullish(
        v.strictObject({
          mask: v.optional(v.array(v.picklist(KINDS, `must be one of ${KINDS.join(', ')}`), 'must be a list')),
        }),
      ),
    ),
  }),
  example: [{ directories: { '/path/to/dir': { mask: ['create', 'modify', 'delete', 'move'] } } }],
  data: { path: 'the file or folder', change: '`created`, `modified`, `deleted` or `moved`' },
  async *watch({ root, ticks, signal, log }, { directories }) {
    const queue = createEventQueue<BeaconEvent>(signal, log);
    const watchers = Object.entries(directories).map(([path, options]) => {
      const mask = new Set<string>(options?.mask ?? KINDS);
      return createFileWatcher({
        root,
        path,
        recurse: false,
        autoAdd: false,
        isExcluded: () => false,
        tell({ kind, path: changed }) {
          const [wanted, change] = WORDS[kind];
          if (mask.has(wanted)) queue.push({ tag: 'watchdog', data: { path: changed, change } });
        },
        failed: queue.end,
      });
    });
    const refreshing = async (): Promise<void> => {
      for await (const _ of ticks()) for (const watcher of watchers) await watcher.refresh();
    };
    try {
      refreshing().then(() => queue.end(), queue.end);
      yield* queue;
    } finally {
      for (const watcher of watchers) watcher.close();
    }
  },
});
