import { createPublicKey } from 'node:crypto';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import type { EnrollResponsePayload } from '../../shared/protocol/messages/enroll.ts';
import { defineRequest } from './request.ts';

/**
 * Another certificate for the key that this minion is accepted with: what enrolling anew would bring, without leaving.
 */
export const renew = defineRequest({
  payload: v.object({}),
  answer({ authority, keys }, id): EnrollResponsePayload {
    const accepted = keys.get(id).find(({ state }) => state === 'accepted');
    // The question may have been on its way when the key was taken from the accepted ones.
    if (accepted === undefined) throw new FleetError('NOT_PERMITTED', `the key of ${id} is not accepted`);
    return {
      st: 'accepted',
      cert: authority.issueMinionCertificate(id, createPublicKey(accepted.pem)),
      signing_cert: authority.signingCertPem,
      ...authority.succession(),
    };
  },
});
