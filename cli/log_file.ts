import { appendFileSync, createWriteStream, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { makeWithParentsSync } from '../shared/make_with_parents.ts';
import { systemReason } from '../shared/system_reason.ts';

/** After a failed write, lines are lost for so long before the file is tried again. */
const RETRY_MS = 10_000;

export interface LogFile {
  /** One line, without its line feed. */
  write(line: string): void;
  /** Opens the file anew: it was moved away to make room for another. */
  reopen(): void;
}

/**
 * A log file that never ends its daemon: a full disk is told to `complain`, and the file is tried again later. Throws
 * FILE_UNREADABLE when it cannot be written at all.
 */
export function openLogFile(path: string, clock: Clock, complain: (text: string) => void): LogFile {
  makeFile(path);
  let failedMs = 0;
  let stream: WriteStream | undefined;
  const open = (): WriteStream => {
    const opened = createWriteStream(path, { flags: 'a', mode: 0o640 });
    opened.on('error', (error) => {
      if (stream === opened) stream = undefined;
      failedMs = clock.monotonicMs();
      complain(`the log file ${path} cannot be written: ${systemReason(error)}`);
    });
    return opened;
  };
  stream = open();
  return {
    write(line) {
      if (stream === undefined && clock.monotonicMs() - failedMs >= RETRY_MS) stream = open();
      stream?.write(`${line}\n`);
    },
    reopen() {
      stream?.end();
      stream = open();
    },
  };
}

function makeFile(path: string): void {
  try {
    makeWithParentsSync(dirname(path));
    appendFileSync(path, '', { mode: 0o640 });
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `the log file ${path} cannot be written: ${systemReason(cause)}`, {
      hint: 'set log_file to another place, or to null',
      cause,
    });
  }
}
