import type { Clock } from '../shared/clock.ts';
import { isPastRenewal } from '../shared/crypto/certificate.ts';
import { errorLine } from '../shared/errors.ts';
import { EnrollResponse } from '../shared/protocol/messages/enroll.ts';
import type { MasterRequests } from './context.ts';
import { type EnrollOptions, keepCredentials, storedCredentials } from './enroll.ts';

/** How often a connected minion looks at its certificate; the shortest that a master issues lives a day. */
const LOOK_MS = 3_600_000;

export interface CertificateWatchOptions {
  readonly enrolment: EnrollOptions;
  readonly ask: MasterRequests['ask'];
  /** Seconds UTC. */
  readonly masterNow: () => number;
  readonly clock: Clock;
}

/**
 * Has the master issue another certificate when the stored one is in the last third of its life. It serves from the next
 * connection on; the present one goes on. What fails is logged, and tried at the next look.
 */
export function watchCertificate({ enrolment, ask, masterNow, clock }: CertificateWatchOptions) {
  const { log } = enrolment;
  const look = async (): Promise<void> => {
    try {
      const stored = await storedCredentials(enrolment);
      if (stored !== undefined && !isPastRenewal(stored.certPem, masterNow() * 1000)) return;
      const { expiresAtMs } = await keepCredentials(enrolment, EnrollResponse.check(await ask('renew', {})));
      log.info('the master renewed the certificate of this minion', { until: new Date(expiresAtMs).toISOString() });
    } catch (error) {
      log.warning('the certificate of this minion was not renewed', { reason: errorLine(error) });
    }
  };
  const timer = clock.every(LOOK_MS, () => void look());
  return { look, stop: () => timer.stop() };
}
