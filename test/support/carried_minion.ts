import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Received } from '../../broker/broker_options.ts';
import { createCertificateAuthority, issueCertificate } from '../../shared/crypto/certificate.ts';
import { keyId, type SignedKind, signJob } from '../../shared/crypto/job_signature.ts';
import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import { JobResponse } from '../../shared/protocol/messages/job.ts';
import type { AckPayload } from '../../shared/protocol/messages/return.ts';
import { BrokerFixture } from '../integration/broker/broker_fixture.ts';
import { type FleetSetup, startFleet, type TestFleet } from './start_fleet.ts';

/** The key of the master that signs, and one of somebody else. */
export const signing = generateKeyPairSync('ed25519').privateKey;
export const foreign = generateKeyPairSync('ed25519').privateKey;

interface HowSigned {
  readonly encoding?: Encoding;
  readonly id?: string;
  readonly key?: KeyObject;
  readonly kid?: string;
  readonly kind?: SignedKind;
}

export function sign(value: object, { encoding = 'cbor', id = 'm9', key = signing, kid, kind }: HowSigned = {}) {
  const payload = encodePayload(value, encoding);
  return signJob({ payload, encoding, id, kid: kid ?? keyId(key), privateKey: key, ...(kind && { kind }) });
}

export interface CarriedMinion {
  readonly fleet: TestFleet;
  readonly carrier: BrokerFixture;
  /** Below `salt/job/m9`. Resolves at PUBACK: the minion has decided by then. */
  carry(payload: Uint8Array, below?: string): Promise<void>;
  /** What the minion says of that job, other than that it runs and in returns. */
  answerTo(jid: string): Promise<AckPayload>;
}

/**
 * A minion `m9` whose master is played by somebody who has its broker and its TLS key, but not the key that signs: he
 * carries what he likes.
 */
export function useCarriedMinion(modules: FleetSetup['modules']): () => CarriedMinion {
  let carried: CarriedMinion | undefined;
  beforeAll(async () => {
    carried = await start(modules);
  });
  afterAll(async () => {
    await carried?.fleet.stop();
    await carried?.carrier.stop();
  });
  return () => {
    if (carried === undefined) throw new Error('not before beforeAll');
    return carried;
  };
}

async function start(modules: FleetSetup['modules']): Promise<CarriedMinion> {
  const carrier: BrokerFixture = await BrokerFixture.start({
    limits: { publishesPerSecond: 1e6 },
    received({ who, params, payload }) {
      if (params.verb !== 'hello') return undefined;
      const { c } = payload as { c: string };
      const stranger = createCertificateAuthority('salt-master', foreign, Date.now());
      const certs = [signingCert(signing, carrier.ca), signingCert(foreign, stranger)];
      const value = { time: Math.floor(Date.now() / 1000), version: 1, kid: keyId(signing), signing_certs: certs };
      carrier.broker.send(who.id, JobResponse.encode({ id: who.id, c }, { value }));
      return undefined;
    },
  });
  const fleet = await startFleet({ modules });
  const pki = join(fleet.directory, 'm9/etc/salt/pki/minion');
  const { keyPem, certPem } = carrier.keys('m9');
  await mkdir(pki, { recursive: true, mode: 0o700 });
  await writeFile(join(pki, 'minion.pem'), keyPem, { mode: 0o600 });
  await writeFile(join(pki, 'minion.crt'), certPem);
  await writeFile(join(pki, 'minion_master.crt'), carrier.ca.certPem);
  await writeFile(join(pki, 'minion_master_sign.crt'), signingCert(signing, carrier.ca));
  await fleet.launchMinion('m9', { config: { master: `127.0.0.1:${carrier.tlsPort}` } });
  await carrier.presence.waitFor(({ kind }) => kind === 'online');
  return {
    fleet,
    carrier,
    carry: (payload, below = '') =>
      new Promise((resolve, reject) => {
        const packet = { topic: `salt/job/m9${below}`, payload, qos: 1, retain: false } as const;
        if (!carrier.broker.send('m9', packet, resolve)) reject(new Error('m9 is not there'));
      }),
    async answerTo(jid) {
      const isAnswer = ({ message, params, payload }: Received): boolean =>
        message.name === 'ack' && params.jid === jid && (payload as AckPayload).st !== 'run';
      return (await carrier.received.waitFor(isAnswer)).payload as AckPayload;
    },
  };
}

function signingCert(key: KeyObject, ca: Parameters<typeof issueCertificate>[0]['ca']): string {
  return issueCertificate({
    ca,
    publicKey: createPublicKey(key),
    commonName: 'salt-master',
    usage: 'signing',
    days: 2,
    nowMs: Date.now(),
  });
}
