import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { pinnedFile } from '../../../minion/link/trust.ts';
import { addressText } from '../../../shared/address_text.ts';
import { colonFingerprint, parseFingerprint } from '../../../shared/crypto/fingerprint.ts';
import { predecessorsOf } from '../../../shared/crypto/succession.ts';
import type { Fingerprint } from '../../../shared/ids.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { fingerprintIn, readCertificateFile, readShown } from '../certificate_facts.ts';
import { defineCheck, type Finding, fail, masterNotReached, ok } from '../check.ts';
import type { MinionMachine } from '../machine.ts';

export interface FingerprintFacts {
  readonly address: string;
  /** The minion's configuration file. */
  readonly file: string;
  readonly pinnedFile: string;
  readonly pinned: Fingerprint | 'broken' | undefined;
  /** `master_finger` of the configuration. */
  readonly configured: Fingerprint | undefined;
  /** Of the authority that the TLS port shows. */
  readonly shown: Fingerprint | undefined;
  /** The keys before the pinned and the shown one, which provably led to them. */
  readonly beforePinned: readonly Fingerprint[];
  readonly beforeShown: readonly Fingerprint[];
  readonly restart: string;
}

export default defineCheck<FingerprintFacts>({
  summary: 'Whether the master shows the key that this minion has pinned.',
  stage: 'identity',
  asksNetwork: true,
  gather: { minion: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ config, configDir, port, commands }: MinionMachine): Promise<FingerprintFacts> {
  const [probe, { restart }] = await Promise.all([port(), commands()]);
  const pinned = await readCertificateFile(pinnedFile(config.pki_dir));
  const shown = probe.authorityPem === undefined ? undefined : readShown(probe.authorityPem);
  return {
    address: addressText(probe),
    file: join(configDir, 'minion'),
    pinnedFile: pinnedFile(config.pki_dir),
    pinned: pinned === 'broken' ? pinned : fingerprintIn(pinned),
    configured: config.master_finger === '' ? undefined : parseFingerprint(config.master_finger),
    shown: fingerprintIn(shown),
    beforePinned: predecessorsIn(pinned),
    beforeShown: predecessorsIn(shown),
    restart,
  };
}

function predecessorsIn(certificate: X509Certificate | 'broken' | undefined): readonly Fingerprint[] {
  return certificate === undefined || certificate === 'broken' ? [] : predecessorsOf(certificate);
}

function judge(facts: FingerprintFacts): Finding {
  const { address, file, pinned, configured, shown, restart } = facts;
  const forget = `rm ${shellWord(facts.pinnedFile)} && ${restart}`;
  if (pinned === 'broken') return fail(`${facts.pinnedFile} does not hold a certificate`, forget);
  if (pinned !== undefined && configured !== undefined && ![pinned, ...facts.beforePinned].includes(configured)) {
    return fail(
      `the pinned master has the key ${colonFingerprint(pinned)}, and master_finger says ${colonFingerprint(configured)}`,
      `${forget}  # only if salt-key -F on the master shows master_finger`,
    );
  }
  const known = pinned ?? configured;
  if (shown === undefined) return masterNotReached;
  if (known === undefined) return ok(`no master is pinned yet; ${address} shows ${colonFingerprint(shown)}`);
  const kind = pinned === undefined ? 'configured' : 'pinned';
  if (facts.beforeShown.includes(known)) {
    return ok(`${address} shows a new key, ${colonFingerprint(shown)}, which the ${kind} one vouches for`);
  }
  if (known === shown) return ok(`${address} shows the ${kind} key`);
  const condition = 'only if salt-key -F on the master shows the first';
  return fail(
    `${address} shows the key ${colonFingerprint(shown)}, not the ${kind} ${colonFingerprint(known)}: another master, or somebody in between`,
    pinned === undefined ? `vi ${shellWord(file)}  # master_finger, ${condition}` : `${forget}  # ${condition}`,
  );
}
