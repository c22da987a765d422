import { createPrivateKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkStatus } from '../../../minion/link/link_status.ts';
import { colonFingerprint, fingerprintOf } from '../../../shared/crypto/fingerprint.ts';
import { readOptionalFile } from '../../../shared/crypto/private_file.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { defineCheck, type Finding, fail, ok, skip } from '../check.ts';
import type { MinionMachine } from '../machine.ts';

const ON_MASTER = 'on the master';

export interface OwnKeyFacts {
  readonly id: string;
  readonly file: string;
  /** Of minion.pem, with colons. */
  readonly fingerprint: string | 'broken' | undefined;
  /** The master issued a certificate once. */
  readonly hasCertificate: boolean;
  readonly status: LinkStatus | undefined;
  readonly restart: string;
}

export default defineCheck<OwnKeyFacts>({
  summary: 'Whether the master has accepted the key of this minion.',
  stage: 'identity',
  gather: { minion: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ config, status, commands }: MinionMachine): Promise<OwnKeyFacts> {
  const file = join(config.pki_dir, 'minion.pem');
  const pem = await readOptionalFile(file);
  return {
    id: config.id,
    file,
    fingerprint: pem === undefined ? undefined : fingerprintIn(pem),
    hasCertificate: await stat(join(config.pki_dir, 'minion.crt')).then(
      () => true,
      () => false,
    ),
    status: await status(),
    restart: (await commands()).restart,
  };
}

function fingerprintIn(pem: string): string {
  try {
    return colonFingerprint(fingerprintOf(createPrivateKey(pem)));
  } catch {
    return 'broken';
  }
}

function judge({ id, file, fingerprint, hasCertificate, status, restart }: OwnKeyFacts): Finding {
  if (fingerprint === undefined) return skip(`there is no ${file} yet: the first start makes it`);
  if (fingerprint === 'broken') {
    return fail(`${file} does not hold a private key`, `cp -p BACKUP/minion.pem ${shellWord(file)} && ${restart}`);
  }
  if (status?.state === 'connected') return ok(`the master has accepted ${id}`);
  if (status?.state === 'offered') {
    return fail(
      `the key of ${id} waits to be accepted; it is ${fingerprint}`,
      `salt-key -a ${id}  # compare before: salt-key -f ${id}`,
      ON_MASTER,
    );
  }
  if (status?.code === 'NOT_PERMITTED') return judgeRefusal(id, fingerprint, status.reason ?? '');
  if (hasCertificate) return ok(`the master once accepted ${id}; whether it still does is seen when it connects`);
  return skip(`${id} has not been accepted: it was not yet connected to a master`);
}

function judgeRefusal(id: string, fingerprint: string, reason: string): Finding {
  if (/another key is known/.test(reason)) {
    return fail(
      `the master denies ${id}: it knows another key for that id; this one is ${fingerprint}`,
      `salt-key -d ${id}  # if this machine is the right ${id}; when it asks again: salt-key -a ${id}`,
      ON_MASTER,
    );
  }
  if (/is rejected/.test(reason)) {
    return fail(`the key of ${id} is rejected`, `salt-key --include-rejected -a ${id}`, ON_MASTER);
  }
  return fail(`the master does not take ${id}: ${reason}`, 'salt-key -L', ON_MASTER);
}
