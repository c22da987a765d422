import type { Clock, Timer } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Engine } from './engine.ts';
import type { PendingChanges } from './pending_changes.ts';

/** What is pending goes into the engine together, so much later … */
const APPLY_MS = 50;
/** … or when it may take so much of the disk: a thousand small changes. */
const PENDING_BYTES_MAX = 4 * 1024 ** 2;
/** Changes that go into the engine by one commit, however many wait for a slow disk: handing them over takes 4 ms. */
const APPLIED_AT_A_TIME = 1024;
/** Between two tries on a full disk. */
const RETRY_MS = 1000;

export interface Applier {
  /** There is something pending. */
  schedule(): void;
  /** Resolves when nothing is pending, or when it cannot be helped, which is logged. */
  drain(): Promise<void>;
  stop(): void;
}

/** Moves what is pending into the engine; what cannot go in waits, is answered from memory, and safe in the journal. */
export function createApplier(
  engine: Engine,
  pending: PendingChanges,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Applier {
  let timer: Timer | undefined;
  let applying: Promise<boolean> | undefined;
  let isFailing = false;
  let isStopped = false;

  /** False when they have to wait. */
  const applySome = async (): Promise<boolean> => {
    const changes = pending.oldest(APPLIED_AT_A_TIME);
    try {
      await engine.commit(changes);
      pending.settle(changes);
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warning('changes wait in the journal of the store', { error: String(error) });
      isFailing = true;
    }
    return !isFailing;
  };
  const apply = (): Promise<boolean> => {
    applying ??= applySome().finally(() => {
      applying = undefined;
      schedule();
    });
    return applying;
  };
  const schedule = (): void => {
    if (isStopped || pending.bytes() === 0) return;
    if (pending.bytes() > PENDING_BYTES_MAX && !isFailing) return void apply();
    timer ??= clock.after(isFailing ? RETRY_MS : APPLY_MS, () => {
      timer = undefined;
      void apply();
    });
  };
  return {
    schedule,
    async drain() {
      await applying;
      while (pending.bytes() > 0 && (await apply()));
    },
    stop() {
      isStopped = true;
      timer?.stop();
    },
  };
}
