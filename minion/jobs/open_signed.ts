import type { KeyObject } from 'node:crypto';
import { type SignedKind, verifyJob } from '../../shared/crypto/job_signature.ts';
import { FleetError } from '../../shared/errors.ts';
import { decodeBody, type Payload } from '../../shared/protocol/codec.ts';
import { TAKEN } from '../link/link_settings.ts';

/**
 * What the master signed for this minion, as that and in the encoding that it was told. Rejects with SIGNATURE_INVALID
 * saying why, and MESSAGE_INVALID.
 */
export async function openSigned(
  payload: Payload,
  id: string,
  keyOf: (kid: string) => KeyObject | undefined,
  kind: SignedKind,
): Promise<unknown> {
  await verifyJob(payload, id, keyOf, kind);
  if (payload.encoding === TAKEN.enc) return decodeBody(payload);
  throw new FleetError('SIGNATURE_INVALID', `it is signed as ${payload.encoding}, and this minion takes ${TAKEN.enc}`);
}
