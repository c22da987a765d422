import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { pinnedFile } from '../../../minion/link/trust.ts';
import { fingerprintOf } from '../../../shared/crypto/fingerprint.ts';
import { readOptionalFile } from '../../../shared/crypto/private_file.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { dayText } from '../../../shared/time_text.ts';
import { type CertificateFacts, certificateFacts, readCertificateFile } from '../certificate_facts.ts';
import { defineCheck, type Finding, fail, ok, skip, warn } from '../check.ts';
import type { MinionMachine } from '../machine.ts';

export interface MinionCertificateFacts {
  readonly id: string;
  readonly file: string;
  /** Undefined: there is none yet. */
  readonly certificate: CertificateFacts | 'broken' | undefined;
  /** Undefined when there is nothing to compare with. */
  readonly isOfPinnedMaster: boolean | undefined;
  readonly isOfOwnKey: boolean | undefined;
  readonly nowMs: number;
  readonly restart: string;
}

export default defineCheck<MinionCertificateFacts>({
  summary: "Whether this minion's certificate is its own, of its master, and valid.",
  stage: 'identity',
  gather: { minion: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ config, clock, commands }: MinionMachine): Promise<MinionCertificateFacts> {
  const { id, pki_dir: pkiDir } = config;
  const file = join(pkiDir, 'minion.crt');
  const [certificate, pinned, keyPem, { restart }] = await Promise.all([
    readCertificateFile(file),
    readCertificateFile(pinnedFile(pkiDir)),
    readOptionalFile(join(pkiDir, 'minion.pem')),
    commands(),
  ]);
  const facts = typeof certificate === 'object' ? certificateFacts(certificate) : certificate;
  return {
    id,
    file,
    certificate: facts,
    isOfPinnedMaster:
      typeof certificate === 'object' && typeof pinned === 'object' ? certificate.verify(pinned.publicKey) : undefined,
    isOfOwnKey:
      typeof facts === 'object' && keyPem !== undefined ? facts.fingerprint === fingerprintIn(keyPem) : undefined,
    nowMs: clock.nowMs(),
    restart,
  };
}

function fingerprintIn(keyPem: string): string | undefined {
  try {
    return fingerprintOf(createPrivateKey(keyPem));
  } catch {
    return undefined;
  }
}

function judge({
  id,
  file,
  certificate,
  isOfPinnedMaster,
  isOfOwnKey,
  nowMs,
  restart,
}: MinionCertificateFacts): Finding {
  // A minion whose certificate is of no use asks for another one when it starts.
  const anew = `rm ${shellWord(file)} && ${restart}`;
  if (certificate === undefined) return skip('the master has not issued a certificate yet');
  if (certificate === 'broken') return fail(`${file} does not hold a certificate`, anew);
  const { commonName, issuedMs, expiresMs } = certificate;
  if (commonName !== id) return fail(`the certificate is for ${commonName}, and this minion is ${id}`, anew);
  if (isOfOwnKey === false) return fail('the certificate is for another key than minion.pem', anew);
  if (isOfPinnedMaster === false) return fail('the certificate is of another master than the pinned one', anew);
  if (nowMs > expiresMs) return fail(`the certificate ended on ${dayText(expiresMs)}`, anew);
  if (expiresMs - nowMs < (expiresMs - issuedMs) / 6) {
    return warn(
      `the certificate ends on ${dayText(expiresMs)} and was not renewed, as it should long have been`,
      restart,
    );
  }
  return ok(`the certificate of ${id} is valid until ${dayText(expiresMs)}`);
}
