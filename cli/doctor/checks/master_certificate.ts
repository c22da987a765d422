import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { verifyCertificate } from '../../../shared/crypto/certificate.ts';
import { colonFingerprint, fingerprintOf } from '../../../shared/crypto/fingerprint.ts';
import { readOptionalFile } from '../../../shared/crypto/private_file.ts';
import { errorLine } from '../../../shared/errors.ts';
import type { Fingerprint } from '../../../shared/ids.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { dayText } from '../../../shared/time_text.ts';
import { certificateFacts, fingerprintIn, readCertificateFile, readShown } from '../certificate_facts.ts';
import { defineCheck, type Finding, fail, ok, skip, warn } from '../check.ts';
import type { MasterMachine } from '../machine.ts';

/** A start of the master makes what has less left anew; so much earlier it is told. */
const SOON_MS = 30 * 86_400_000;

export interface MasterCertificateFacts {
  readonly pkiDir: string;
  /** Of master.pem. */
  readonly key: Fingerprint | 'broken' | undefined;
  /** Of master.crt. */
  readonly authority: Fingerprint | 'broken' | undefined;
  /** Of signing.crt: why it is not good, in words. */
  readonly signingProblem: string | undefined;
  readonly signingExpiresMs: number | undefined;
  /** Of the certificate that the TLS port shows. */
  readonly serverExpiresMs: number | undefined;
  readonly nowMs: number;
  readonly restart: string;
}

export default defineCheck<MasterCertificateFacts>({
  summary: "Whether the master's keys and certificates belong together and are valid for long enough.",
  stage: 'identity',
  gather: { master: gather },
  judge(facts) {
    const files = judgeFiles(facts);
    if (files !== undefined) return [files];
    const dates = [...judgeSigning(facts), ...judgeServer(facts)];
    if (dates.length > 0) return dates;
    const { key, signingExpiresMs = 0 } = facts;
    return [
      ok(
        `the key of this master is ${colonFingerprint(String(key))}, its jobs are signed until ${dayText(signingExpiresMs)}`,
      ),
    ];
  },
});

async function gather({ config, port, commands, clock }: MasterMachine): Promise<MasterCertificateFacts> {
  const { pki_dir: pkiDir } = config;
  const [authority, signing, { certPem }, { restart }] = await Promise.all([
    readCertificateFile(join(pkiDir, 'master.crt')),
    readCertificateFile(join(pkiDir, 'signing.crt')),
    port(),
    commands(),
  ]);
  const server = certPem === undefined ? undefined : readShown(certPem);
  const nowMs = clock.nowMs();
  return {
    pkiDir,
    key: await keyIn(join(pkiDir, 'master.pem')),
    authority: authority === 'broken' ? authority : fingerprintIn(authority),
    signingProblem:
      typeof signing === 'object' && typeof authority === 'object'
        ? problemOf(String(signing), String(authority), nowMs)
        : undefined,
    signingExpiresMs: typeof signing === 'object' ? certificateFacts(signing).expiresMs : undefined,
    serverExpiresMs: typeof server === 'object' ? certificateFacts(server).expiresMs : undefined,
    nowMs,
    restart,
  };
}

async function keyIn(path: string): Promise<MasterCertificateFacts['key']> {
  const pem = await readOptionalFile(path);
  if (pem === undefined) return undefined;
  try {
    return fingerprintOf(createPrivateKey(pem));
  } catch {
    return 'broken';
  }
}

function problemOf(certPem: string, caPem: string, nowMs: number): string | undefined {
  try {
    verifyCertificate({ certPem, caPem, usage: 'signing', nowMs });
    return undefined;
  } catch (error) {
    return errorLine(error);
  }
}

function judgeFiles({ pkiDir, key, authority, restart }: MasterCertificateFacts): Finding | undefined {
  const file = `${pkiDir}/master.crt`;
  if (key === undefined && authority === undefined)
    return skip(`there are no keys in ${pkiDir} yet: the first start makes them`);
  if (key === undefined || key === 'broken') {
    return fail(
      `${pkiDir}/master.pem ${key === undefined ? 'is gone' : 'does not hold a private key'}: without it every minion has to be accepted anew`,
      `cp -p BACKUP/master.pem ${shellWord(`${pkiDir}/master.pem`)} && ${restart}`,
    );
  }
  if (authority === 'broken') return fail(`${file} does not hold a certificate`, `rm ${shellWord(file)} && ${restart}`);
  if (authority === undefined) return fail(`${file} is gone`, restart);
  if (authority === key) return undefined;
  return fail(`${file} is the certificate of another key than master.pem`, `rm ${shellWord(file)} && ${restart}`);
}

function judgeSigning({ signingProblem, signingExpiresMs, nowMs, restart }: MasterCertificateFacts): Finding[] {
  if (signingProblem !== undefined) return [fail(`signing.crt: ${signingProblem}`, restart)];
  if (signingExpiresMs === undefined)
    return [fail('signing.crt is gone or broken: minions cannot check jobs', restart)];
  if (signingExpiresMs - nowMs > SOON_MS) return [];
  return [warn(`the certificate that jobs are signed with ends on ${dayText(signingExpiresMs)}`, restart)];
}

function judgeServer({ serverExpiresMs, nowMs, restart }: MasterCertificateFacts): Finding[] {
  if (serverExpiresMs === undefined || serverExpiresMs - nowMs > SOON_MS) return [];
  if (serverExpiresMs < nowMs)
    return [fail(`the certificate of the TLS port ended on ${dayText(serverExpiresMs)}`, restart)];
  return [warn(`the certificate of the TLS port ends on ${dayText(serverExpiresMs)}`, restart)];
}
