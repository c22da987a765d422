import { statfsSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';

/**
 * A disk that runs full in the middle of a commit is no error that LMDB survives: after a few of them it corrupts its
 * heap and takes the process with it. So nothing is written unless this much, bytes, and what is under way still fits.
 */
const RESERVE_BYTES = 8 * 1024 ** 2;
/** With so much left, no disk is full within ASK_AGAIN_MS: to ask takes as long as a tenth of a commit. */
const AMPLE_BYTES = 1024 ** 3;
const ASK_AGAIN_MS = 50;

/** A change writes a page anew, its leaf; those above are shared by the changes of a commit. */
const PAGE_BYTES = 4096;

/** What a change may take on the disk. */
export function changeBytes({ bytes }: { readonly bytes: Uint8Array | undefined }): number {
  return PAGE_BYTES + (bytes?.length ?? 0);
}

/** Throws FILE_UNREADABLE when so many bytes more, beyond the reserve, would not fit on the disk. */
export type RoomCheck = (bytes: number) => void;

export function createRoomCheck(path: string, clock: Pick<Clock, 'monotonicMs'>): RoomCheck {
  let ampleUntilMs = Number.NEGATIVE_INFINITY;
  return (bytes) => {
    const nowMs = clock.monotonicMs();
    if (nowMs < ampleUntilMs && bytes < AMPLE_BYTES / 2) return;
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    if (free >= AMPLE_BYTES) ampleUntilMs = nowMs + ASK_AGAIN_MS;
    if (free >= RESERVE_BYTES + bytes) return;
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be written: its disk has ${free} bytes left`, {
      hint: `free some space: nothing is stored while less than ${RESERVE_BYTES} bytes are left`,
    });
  };
}
