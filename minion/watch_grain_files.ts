import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Timer } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import { systemReason } from '../shared/system_reason.ts';

/** A file is often written in several steps: that long nothing more must happen. */
const QUIET_MS = 500;

export interface GrainFiles {
  /** The static grains file. */
  readonly file: string;
  /** See grains_dirs. */
  readonly folders: readonly string[];
}

/**
 * Says when a file is another that grains come from, whoever changed it. What cannot be watched is logged and left
 * alone: a refresh sees it all the same.
 */
export function watchGrainFiles(
  { file, folders }: GrainFiles,
  changed: () => void,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): { stop(): void } {
  let timer: Timer | undefined;
  const noted = (): void => {
    timer?.stop();
    timer = clock.after(QUIET_MS, changed);
  };
  const watchers: FSWatcher[] = [];
  const follow = (folder: string, isMeant: (name: string | null) => boolean): void => {
    const failed = (error: unknown): void =>
      log.debug('changes of grains are not noticed', { folder, reason: systemReason(error) });
    try {
      // The folder, since a file that is replaced is another file.
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (isMeant(name)) noted();
      });
      watchers.push(watcher.on('error', failed));
    } catch (error) {
      failed(error);
    }
  };
  follow(dirname(file), (name) => name === basename(file));
  for (const folder of folders) follow(folder, () => true);
  return {
    stop() {
      timer?.stop();
      for (const watcher of watchers) watcher.close();
    },
  };
}
