import type { Clock, Timer } from '../../shared/clock.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { EnrollResponse } from '../../shared/protocol/messages/enroll.ts';
import type { MasterRequests } from '../context.ts';
import { checkCertificate, type EnrollOptions, keepCredentials } from './enroll.ts';

/** How often a connected minion looks at its certificate; the shortest that a master issues lives a day. */
const LOOK_MS = 3_600_000;
/** After a failure it is tried again in half to one and a half of that. */
const RETRY_MS = 600_000;

export interface CertificateWatchOptions {
  /** With the authority that is pinned at the time. */
  readonly enrolment: () => EnrollOptions;
  readonly ask: MasterRequests['ask'];
  /** Seconds UTC. */
  readonly masterNow: () => number;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * Has the master issue another certificate when two thirds of the life of the stored one are over, or when it is not of
 * the pinned authority. It serves from the next connection on; the present one goes on. What fails is logged and tried
 * again.
 */
export function watchCertificate(storedPem: string, options: CertificateWatchOptions) {
  const { enrolment, ask, masterNow, clock, random } = options;
  let certPem = storedPem;
  let retry: Timer | undefined;
  let isStopped = false;
  let underWay: Promise<void> | undefined;
  const attempt = async (): Promise<void> => {
    const present = enrolment();
    retry?.stop();
    try {
      if (masterNow() * 1000 < dueMs(present, certPem)) return;
      const kept = await keepCredentials(present, EnrollResponse.check(await ask('renew', {})));
      ({ certPem } = kept);
      present.log.info('the master renewed the certificate of this minion', {
        until: new Date(kept.expiresAtMs).toISOString(),
      });
    } catch (error) {
      if (isStopped) return;
      const waitMs = Math.round(RETRY_MS * (0.5 + random()));
      present.log.warning('the certificate of this minion was not renewed', {
        reason: errorLine(error),
        retry_ms: waitMs,
      });
      retry?.stop();
      retry = clock.after(waitMs, () => void look());
    }
  };
  const look = (): Promise<void> => {
    underWay ??= attempt().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  const timer = clock.every(LOOK_MS, () => void look());
  return {
    look,
    stop(): void {
      isStopped = true;
      timer.stop();
      retry?.stop();
    },
  };
}

/** At once, when the certificate is of no use any more. */
function dueMs(options: EnrollOptions, certPem: string): number {
  try {
    return checkCertificate(options, certPem, options.caPem).renewalMs;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    options.log.warning('the stored certificate is of no use: asking for another', { reason: error.message });
    return 0;
  }
}
