import * as v from 'valibot';
import type { Clock, Timer } from '../../shared/clock.ts';
import { Flag } from '../../shared/plugin/args.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { compileRegex } from '../../shared/target/regex.ts';
import { type BeaconEvent, defineBeacon } from '../beacon.ts';
import { createEventQueue } from '../lib/beacon/event_queue.ts';
import { createFileWatcher, type FileChange } from '../lib/beacon/file_watcher.ts';
import { PathKey } from '../lib/beacon/path_key.ts';
import { Pattern } from '../lib/beacon/pattern.ts';

const KINDS = ['attrib', 'close_write', 'create', 'delete', 'delete_self', 'modify', 'moved_from', 'moved_to'] as const;
type Kind = (typeof KINDS)[number];
const DEFAULT: readonly Kind[] = ['create', 'delete', 'modify'];

/** A file that was not written to for so long is taken for closed. */
const QUIET_MS = 500;

const Exclude = v.union(
  [v.string(), v.record(Pattern, v.strictObject({ regex: v.optional(Flag, false) }))],
  'must be a path, a glob of paths, or a pattern with regex: True',
);

const Watched = v.nullish(
  v.strictObject({
    mask: v.optional(
      v.array(
        v.picklist(KINDS, `must be one of ${KINDS.join(', ')}: the others cannot be told here`),
        'must be a list',
      ),
    ),
    recurse: v.optional(Flag, false),
    auto_add: v.optional(Flag, false),
    exclude: v.optional(v.array(Exclude, 'must be a list'), []),
  }),
);

export default defineBeacon({
  summary: 'Tells what happens to files and folders.',
  description:
    'A path that does not exist is watched as soon as it does. Of a move into place only what the mask has is told:\n' +
    '``moved_to``, else ``create``, or ``modify`` when another file was replaced; of a move away ``moved_from``, else\n' +
    '``delete``. ``close_write`` is told when a file was not written to for half a second. With ``coalesce`` equal\n' +
    'events of one interval are told once.',
  config: v.strictObject({
    files: v.record(PathKey, Watched),
    coalesce: v.optional(Flag, false),
  }),
  example: [
    { files: { '/etc/app': { mask: ['create', 'modify'], recurse: true, auto_add: true, exclude: ['/etc/app/tmp'] } } },
    { disable_during_state_run: true },
  ],
  data: { path: 'the file or folder', change: 'such as `IN_MODIFY`, or `IN_CREATE|IN_ISDIR` for a folder' },
  async *watch({ root, ticks, clock, signal, log }, { files, coalesce }) {
    const queue = createEventQueue<BeaconEvent>(signal, log);
    const watchers = Object.entries(files).map(([path, options]) => {
      const tell = createTeller(options?.mask ?? DEFAULT, clock, queue.push);
      const { recurse = false, auto_add: autoAdd = false, exclude = [] } = options ?? {};
      return createFileWatcher({
        root,
        path,
        recurse,
        autoAdd,
        isExcluded: excluder(exclude),
        tell,
        failed: queue.end,
      });
    });
    const refresh = (): Promise<unknown> => Promise.all(watchers.map((watcher) => watcher.refresh()));
    try {
      if (coalesce) {
        for await (const _ of ticks()) {
          await refresh();
          yield* unique(queue.drain());
        }
      } else {
        const refreshing = async (): Promise<void> => {
          for await (const _ of ticks()) await refresh();
        };
        refreshing().then(() => queue.end(), queue.end);
        yield* queue;
      }
    } finally {
      for (const watcher of watchers) watcher.close();
    }
  },
});

/** Turns a change into the event of the mask that tells it, if there is one. */
function createTeller(mask: readonly Kind[], clock: Clock, push: (event: BeaconEvent) => void) {
  const has = new Set<string>(mask);
  const writes = new Map<string, Timer>();
  const event = (kind: Kind, { watched, path, isFolder }: FileChange): BeaconEvent => ({
    tag: watched,
    data: { path, change: `IN_${kind.toUpperCase()}${isFolder ? '|IN_ISDIR' : ''}` },
  });
  const close = (change: FileChange): void => {
    writes.get(change.path)?.stop();
    const tellClosed = (): void => {
      writes.delete(change.path);
      push(event('close_write', change));
    };
    writes.set(change.path, clock.after(QUIET_MS, tellClosed));
  };
  return (change: FileChange): void => {
    const kind = inMask(change, has);
    if (kind !== undefined) push(event(kind, change));
    const isWritten = change.kind === 'modify' || (change.kind === 'create' && !change.isFolder);
    if (isWritten && has.has('close_write')) close(change);
  };
}

function inMask({ kind, isReplaced }: FileChange, mask: ReadonlySet<string>): Kind | undefined {
  if (mask.has(kind)) return kind;
  if (kind === 'moved_from' && mask.has('delete')) return 'delete';
  const instead = isReplaced ? 'modify' : 'create';
  return kind === 'moved_to' && mask.has(instead) ? instead : undefined;
}

function excluder(exclude: readonly v.InferOutput<typeof Exclude>[]): (path: string) => boolean {
  const matchers = exclude.flatMap((item) => {
    const entries = typeof item === 'string' ? [[item, { regex: false }] as const] : Object.entries(item);
    return entries.map(([pattern, { regex }]): ((path: string) => boolean) => {
      if (regex) return compileRegex(pattern).test;
      if (pattern.includes('*')) return globMatcher(pattern);
      return (path) => path.startsWith(pattern);
    });
  });
  return (path) => matchers.some((matches) => matches(path));
}

function unique(events: readonly BeaconEvent[]): BeaconEvent[] {
  return [...new Map(events.map((event) => [JSON.stringify(event.data), event])).values()];
}
