import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { defineRequest } from './request.ts';

/** Long enough for the return of the job that asked: nothing is taken any more from a minion whose key is gone. */
const GRACE_MS = 3000;

/** A minion gives up its key (SEC-2), and with it all that is known by its id: what `salt-key -d` does. */
export const revoke = defineRequest({
  payload: v.object({ preserve_minion_cache: v.optional(v.boolean(), false) }),
  answer({ config, keys, clock, log }, id, { preserve_minion_cache: keepsCache }): true {
    if (!config.allow_minion_key_revoke) {
      throw new FleetError('NOT_PERMITTED', `minion ${id} may not revoke its key`, {
        hint: 'set allow_minion_key_revoke in the configuration of the master, or delete the key there: salt-key -d',
      });
    }
    const accepted = keys.get(id).find(({ state }) => state === 'accepted');
    if (accepted === undefined) throw new FleetError('NOT_PERMITTED', `there is no key of ${id} that could be revoked`);
    clock.after(GRACE_MS, () => {
      // Another key may have been accepted meanwhile.
      if (!keys.get(id).some(({ fingerprint }) => fingerprint === accepted.fingerprint)) return;
      keys.delete([id], { keepsCache }).catch((error: unknown) => {
        log.error('the key of a minion that revoked it could not be deleted', { minion: id, error: String(error) });
      });
    });
    return true;
  },
});
