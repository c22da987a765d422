import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EnrollOptions } from '../../../../minion/link/enroll.ts';
import { watchCertificate } from '../../../../minion/link/watch_certificate.ts';
import {
  createCertificateAuthority,
  issueCertificate,
  MASTER_NAME,
  readCertificate,
  renewalMs,
} from '../../../../shared/crypto/certificate.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { createLogger } from '../../../../shared/log.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
let pkiDir: string;
beforeEach(async () => {
  pkiDir = await mkdtemp(join(tmpdir(), 'brine-certificate-'));
});
afterEach(() => rm(pkiDir, { recursive: true, force: true }));

/** A minion with a certificate of 30 days that is due in less than two hours, and a master that fails so often. */
async function setUp(failures = 0) {
  const clock = fakeClock();
  const ca = createCertificateAuthority(MASTER_NAME, generateKeyPairSync('ed25519').privateKey, clock.nowMs());
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const issue = (usage: 'client' | 'signing', days = 30): string => {
    const commonName = usage === 'client' ? 'm1' : MASTER_NAME;
    return issueCertificate({ ca, publicKey, commonName, usage, days, nowMs: clock.nowMs() });
  };
  const beginMs = clock.nowMs() - DAY_MS;
  const first = issue('client');
  const signing = issue('signing', 3650);
  await writeFile(join(pkiDir, 'minion.crt'), first);
  await writeFile(join(pkiDir, 'minion_master_sign.crt'), signing);
  clock.advance(Math.floor(renewalMs(readCertificate(first)) - clock.nowMs() - 1.5 * HOUR_MS));
  const asked = new Inbox<number>();
  const logged = new Inbox<string>();
  const log = createLogger([{ level: 'info', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const enrolment = { id: 'm1', pkiDir, caPem: ca.certPem, privateKey, nowMs: () => clock.nowMs(), log };
  const watch = watchCertificate(first, {
    enrolment: () => enrolment as unknown as EnrollOptions,
    async ask() {
      asked.push(clock.nowMs());
      if (asked.all.length <= failures) throw new FleetError('TIMED_OUT', 'no answer');
      return { st: 'accepted', cert: issue('client'), signing_cert: signing };
    },
    masterNow: () => Math.floor(clock.nowMs() / 1000),
    clock,
    random: () => 0.5,
  });
  return { clock, watch, asked, logged, first, beginMs, issue };
}

/** What logged has come to its end. */
const ended = () => new Promise(setImmediate);
const failed = (line: string): boolean => line.includes('was not renewed');

test('a certificate is renewed at two thirds to three quarters of its life, when that is seen', async () => {
  const { clock, watch, asked, logged, first, beginMs } = await setUp();
  const dueMs = renewalMs(readCertificate(first));
  expect(dueMs - beginMs).toBeGreaterThanOrEqual((31 * DAY_MS * 2) / 3);
  expect(dueMs - beginMs).toBeLessThan((31 * DAY_MS * 3) / 4);
  clock.advance(HOUR_MS);
  await watch.look();
  expect(asked.all).toEqual([]);
  clock.advance(HOUR_MS);
  await logged.waitFor((line) => line.includes('renewed the certificate'));
  await watch.look();
  expect(asked.all).toHaveLength(1);
  expect(await readFile(join(pkiDir, 'minion.crt'), 'utf8')).not.toBe(first);
});

test('certificates that were issued together are not due together', async () => {
  const { issue } = await setUp();
  const due = new Set(
    Array.from({ length: 20 }, () => Math.floor(renewalMs(readCertificate(issue('client'))) / HOUR_MS)),
  );
  expect(due.size).toBeGreaterThan(5);
});

test('what fails is tried again long before the next hour, until it succeeds', async () => {
  const { clock, asked, logged } = await setUp(2);
  clock.advance(HOUR_MS);
  await ended();
  clock.advance(HOUR_MS);
  for (const count of [1, 2]) {
    await logged.waitForCount(count);
    await ended();
    clock.advance(10 * MINUTE_MS);
  }
  await logged.waitForCount(3);
  expect(logged.all.map(failed)).toEqual([true, true, false]);
  const [begin = 0] = asked.all;
  expect(asked.all.map((at) => (at - begin) / MINUTE_MS)).toEqual([0, 10, 20]);
});

test('a watch that was stopped tries nothing again', async () => {
  const { clock, watch, asked, logged } = await setUp(9);
  clock.advance(HOUR_MS);
  await ended();
  clock.advance(HOUR_MS);
  await logged.waitFor(failed);
  await ended();
  watch.stop();
  clock.advance(DAY_MS);
  await watch.look();
  expect(asked.all).toHaveLength(2);
});
