import { FleetError } from '../../shared/errors.ts';
import { livingOwner, ownerOf } from '../../shared/process_owner.ts';

/** Who has a store open, as it stands in the store itself. */
export interface OwnerTable {
  get(): string | undefined;
  put(owner: string): void;
  remove(): void;
  /** Nobody else, in whatever process, reads or writes it meanwhile. */
  alone<T>(act: () => T): T;
}

/**
 * Claims a store for this process; the answer gives it back. One that was killed gives nothing back, and is known by that
 * it is no more. Two masters would each empty the journal of the other. Throws ADDRESS_IN_USE.
 */
export function claimStore(path: string, table: OwnerTable): () => void {
  const own = ownerOf(process.pid);
  table.alone(() => {
    const before = table.get() ?? '';
    const pid = before === own ? undefined : livingOwner(before);
    if (pid !== undefined) {
      throw new FleetError('ADDRESS_IN_USE', `process ${pid} has ${path} open`, {
        hint: 'stop it, or give this one another cachedir',
      });
    }
    if (own !== undefined) table.put(own);
  });
  return () => table.alone(() => table.get() === own && table.remove());
}
