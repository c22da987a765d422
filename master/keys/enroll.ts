import { createPublicKey, type KeyObject } from 'node:crypto';
import type * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { parseCsr } from '../../shared/crypto/certificate.ts';
import { publicPem } from '../../shared/crypto/fingerprint.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Fingerprint } from '../../shared/ids.ts';
import type { Enroll, EnrollResponsePayload } from '../../shared/protocol/messages/enroll.ts';
import { createTokenBucket } from '../../shared/token_bucket.ts';
import type { Authority } from './authority.ts';
import type { Autosign } from './autosign.ts';
import type { Emit } from './key_events.ts';
import type { Decide, KeyStore } from './key_store.ts';
import type { KeyState } from './key_table.ts';
import type { TokenStore } from './tokens.ts';

type Offer = v.InferOutput<typeof Enroll.payload>;

const MINUTE_MS = 60_000;
/**
 * Offers that change nothing are events too: an operator may wait for one. But strangers make them, and at no rate must
 * they push the events of the fleet out of the log.
 */
const NO_NEWS_EVENTS = { perSecond: 10, burst: 100 } as const;
/** Offers that are being looked at: each waits for the disk, and they are written down one after another. */
const OPEN_MAX = 500;
/** Characters of a message in an answer. */
const MESSAGE_MAX = 256;

/** A device offers its key and is accepted, left waiting or turned away; each offer is told by Salt's `salt/auth`. */
export interface Enrollment {
  /** The answer to an offer. Rejects only when the keys cannot be written. */
  offered(fingerprint: Fingerprint, offer: Offer): Promise<EnrollResponsePayload>;
  /** What to tell the devices that offered keys for an id, after an operator has decided. */
  decided(id: string): readonly Decision[];
}

export interface Decision {
  readonly fingerprint: Fingerprint;
  readonly response: EnrollResponsePayload;
}

export interface EnrollmentOptions {
  readonly store: KeyStore;
  readonly authority: Authority;
  readonly autosign: Autosign;
  readonly tokens: TokenStore;
  readonly emit: Emit;
  readonly clock: Clock;
  /** Ids that belong to constrained minions. */
  readonly isTaken: (id: string) => boolean;
  /** Offers of unknown keys in a minute; known keys and good tokens are not counted. */
  readonly newKeysPerMinute: number;
}

export function createEnrollment(options: EnrollmentOptions): Enrollment {
  const { store, authority, emit } = options;
  const admit = createAdmission(options.newKeysPerMinute, options.clock);
  const mayTellNoNews = createTokenBucket(options.clock, NO_NEWS_EVENTS.perSecond, NO_NEWS_EVENTS.burst);
  let untold = 0;
  const tell = (data: Readonly<Record<string, unknown>>, isNews: boolean): void => {
    if (!isNews && !mayTellNoNews()) {
      untold++;
      return;
    }
    emit('salt/auth', untold === 0 ? data : { ...data, left_out: untold });
    untold = 0;
  };
  let open = 0;
  return {
    async offered(fingerprint, offer) {
      let pub = '';
      open++;
      try {
        if (open > OPEN_MAX) throw new FleetError('LIMIT_EXCEEDED', `${OPEN_MAX} offers are being looked at`);
        const publicKey = readOffer(fingerprint, offer);
        if (options.isTaken(offer.id)) {
          throw new FleetError('MESSAGE_INVALID', `${offer.id} is a constrained minion, which has a password`);
        }
        pub = publicPem(publicKey);
        const before = store.get(offer.id).find((key) => key.fingerprint === fingerprint)?.state;
        const ask = (standing: KeyState | undefined) => decide(options, admit, offer, standing);
        const state = await store.offer(offer.id, publicKey, ask, admit);
        tell({ ...acts[state], id: offer.id, pub }, state !== before);
        return respond(authority, offer.id, state, publicKey);
      } catch (error) {
        const refusal = refusalOf(error);
        tell({ act: refusal.st === 'full' ? 'full' : 'error', result: false, id: offer.id, pub }, false);
        return refusal;
      } finally {
        open--;
      }
    },
    decided: (id) =>
      store
        .get(id)
        .filter(({ state }) => state !== 'unaccepted')
        .map(({ state, fingerprint, pem }) => ({
          fingerprint,
          response: respond(authority, id, state, createPublicKey(pem)),
        })),
  };
}

/** What `salt/auth` says of each outcome. */
const acts: Readonly<Record<KeyState, { readonly act: string; readonly result: boolean }>> = {
  accepted: { act: 'accept', result: true },
  unaccepted: { act: 'pend', result: true },
  rejected: { act: 'reject', result: false },
  denied: { act: 'denied', result: false },
};

/** The key that is offered: the one that signed the request, of the client that connected. Throws MESSAGE_INVALID. */
function readOffer(fingerprint: Fingerprint, offer: Offer): KeyObject {
  const csr = parseCsr(offer.csr);
  if (csr.fingerprint !== fingerprint) {
    throw new FleetError('MESSAGE_INVALID', 'the request is not for the key whose fingerprint is in the topic');
  }
  if (csr.commonName !== offer.id) {
    throw new FleetError('MESSAGE_INVALID', `the request names ${csr.commonName.slice(0, 64)}, not ${offer.id}`);
  }
  return csr.publicKey;
}

/** Rejecting rules are stronger than a token, and a token is stronger than the limit that a flood may have used up. */
async function decide(
  { autosign, tokens }: EnrollmentOptions,
  admit: () => void,
  { id, token, grains = {} }: Offer,
  standing: KeyState | undefined,
): ReturnType<Decide> {
  const isRejected = await autosign.rejects(id);
  if (!isRejected && token !== undefined && (await tokens.consume(token, id))) return 'accepted';
  if (standing === undefined) admit();
  if (isRejected) return 'rejected';
  return (await autosign.accepts(id, grains)) ? 'accepted' : 'unaccepted';
}

function respond(authority: Authority, id: string, state: KeyState, publicKey: KeyObject): EnrollResponsePayload {
  switch (state) {
    case 'accepted':
      return {
        st: 'accepted',
        cert: authority.issueMinionCertificate(id, publicKey),
        signing_cert: authority.signingCertPem,
        ...authority.succession(),
      };
    case 'unaccepted':
      return { st: 'pending', message: `waiting for an operator: salt-key -a ${id}` };
    case 'rejected':
      return { st: 'rejected', message: `the key of ${id} is rejected` };
    case 'denied':
      return { st: 'denied', message: `another key is known for ${id}: if this one is right, salt-key -d ${id}` };
  }
}

/** Throws what is neither the offer's fault nor a limit. */
function refusalOf(error: unknown): EnrollResponsePayload & { readonly message: string } {
  const isLimit = error instanceof FleetError && error.code === 'LIMIT_EXCEEDED';
  if (!isLimit && !(error instanceof FleetError && error.code === 'MESSAGE_INVALID')) throw error;
  return { st: isLimit ? 'full' : 'invalid', message: error.message.slice(0, MESSAGE_MAX) };
}

/** Counts in whole minutes: a flood of keys must not fill disk and list faster than an operator can read. */
function createAdmission(perMinute: number, clock: Clock): () => void {
  let startedMs = clock.monotonicMs();
  let count = 0;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - startedMs >= MINUTE_MS) {
      startedMs = nowMs;
      count = 0;
    }
    if (count >= perMinute) throw new FleetError('LIMIT_EXCEEDED', `${perMinute} new keys were offered in this minute`);
    count++;
  };
}
