import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { readCertificate } from '../../shared/crypto/certificate.ts';
import { spkiOf } from '../../shared/crypto/fingerprint.ts';
import { readOptionalFile } from '../../shared/crypto/private_file.ts';
import { Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { newDigest } from '../lib/digest.ts';
import { pinnedFile } from '../link/trust.ts';

const hash_type = v.optional(v.pipe(Text, v.toLowerCase()), 'sha256');
const returns = 'two hex digits for each byte with colons between, an empty text when there is no key yet.';

export default defineModule({
  summary: 'Show the fingerprints of the keys of this minion and of its master.',
  functions: {
    finger: fn({
      summary: "Return the fingerprint of this minion's key, as salt-key -f prints it.",
      args: { hash_type },
      returns,
      examples: ["salt '*' key.finger"],
      reads: true,
      run: (context, { hash_type: hash }) =>
        fingerprint(join(pkiDir(context), 'minion.pem'), hash, (pem) => spkiOf(createPublicKey(pem))),
    }),
    finger_master: fn({
      summary: "Return the fingerprint of the master's key that this minion trusts, as salt-key -F prints it.",
      args: { hash_type },
      returns,
      examples: ["salt '*' key.finger_master"],
      reads: true,
      run: (context, { hash_type: hash }) =>
        fingerprint(pinnedFile(pkiDir(context)), hash, (pem) => spkiOf(readCertificate(pem).publicKey)),
    }),
  },
});

function pkiDir({ root, config }: MinionContext): string {
  return join(root, String(config.pki_dir));
}

async function fingerprint(path: string, hash: string, spki: (pem: string) => Buffer): Promise<string> {
  const digest = newDigest(hash);
  const pem = await readOptionalFile(path);
  return pem === undefined ? '' : (digest.update(spki(pem)).digest('hex').match(/../g)?.join(':') ?? '');
}
