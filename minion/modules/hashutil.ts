import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { AbsolutePath, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { checkDigest, digestFile, newDigest } from '../lib/digest.ts';
import { commandFailed } from '../lib/exec.ts';
import { osErrorText } from '../lib/os_error.ts';

/** Python's `encodestring` breaks lines so. */
const LINE_CHARACTERS = 76;
const Algorithm = v.optional(Text, 'md5');

/** The digest of one algorithm, by Salt's name of the function. */
function digestFn(algorithm: string) {
  return fn({
    summary: `Return the ${algorithm} digest of a text.`,
    args: { instr: Text },
    returns: 'hex digits.',
    examples: [`salt '*' hashutil.${algorithm}_digest 'get salted'`],
    reads: true,
    run: (_context, { instr }) => newDigest(algorithm).update(instr).digest('hex'),
  });
}

export default defineModule({
  summary: 'Digests, signatures and base64.',
  functions: {
    md5_digest: digestFn('md5'),
    sha256_digest: digestFn('sha256'),
    sha512_digest: digestFn('sha512'),
    digest: fn({
      summary: 'Return the digest of a text.',
      args: { instr: Text, checksum: Algorithm },
      returns: 'hex digits.',
      examples: ["salt '*' hashutil.digest 'get salted'", "salt '*' hashutil.digest 'get salted' sha256"],
      reads: true,
      run: (_context, { instr, checksum }) => newDigest(checksum).update(instr).digest('hex'),
    }),
    digest_file: fn({
      summary: 'Return the digest of a file.',
      args: { infile: AbsolutePath, checksum: Algorithm },
      returns: 'hex digits.',
      examples: ["salt '*' hashutil.digest_file /etc/hosts", "salt '*' hashutil.digest_file /etc/hosts sha256"],
      reads: true,
      async run({ root }, { infile, checksum }) {
        const digest = newDigest(checksum);
        try {
          return await digestFile(join(root, infile), digest);
        } catch (error) {
          throw failed(error);
        }
      },
    }),
    base64_b64encode: fn({
      summary: 'Return a text in base64, in one line.',
      args: { instr: Text },
      examples: ["salt '*' hashutil.base64_b64encode 'get salted'"],
      reads: true,
      run: (_context, { instr }) => Buffer.from(instr).toString('base64'),
    }),
    base64_b64decode: fn({
      summary: 'Return the text that stands in base64.',
      args: { instr: Text },
      examples: ["salt '*' hashutil.base64_b64decode 'Z2V0IHNhbHRlZA=='"],
      reads: true,
      run: (_context, { instr }) => decoded(instr).toString(),
    }),
    base64_encodestring: fn({
      summary: 'Return a text in base64, in lines of 76 characters.',
      args: { instr: Text },
      examples: ["salt '*' hashutil.base64_encodestring 'get salted'"],
      reads: true,
      run: (_context, { instr }) => inLines(Buffer.from(instr)),
    }),
    base64_decodestring: fn({
      summary: 'Return the text that stands in base64, in one line or several.',
      args: { instr: Text },
      examples: [`salt '*' hashutil.base64_decodestring instr='Z2V0IHNhbHRlZAo='`],
      reads: true,
      run: (_context, { instr }) => decoded(instr).toString(),
    }),
    base64_encodefile: fn({
      summary: 'Return what a file holds in base64, in lines of 76 characters.',
      args: { fname: AbsolutePath },
      examples: ["salt '*' hashutil.base64_encodefile /etc/hosts"],
      reads: true,
      async run({ root }, { fname }) {
        try {
          return inLines(await readFile(join(root, fname)));
        } catch (error) {
          throw failed(error);
        }
      },
    }),
    base64_decodefile: fn({
      summary: 'Write what stands in base64 to a file.',
      args: { instr: Text, outfile: AbsolutePath },
      returns: '``True``.',
      examples: ["salt '*' hashutil.base64_decodefile instr='Z2V0IHNhbHRlZAo=' outfile='/tmp/binary_file'"],
      async run({ root }, { instr, outfile }) {
        try {
          await writeFileAtomically(join(root, outfile), decoded(instr));
        } catch (error) {
          throw failed(error);
        }
        return true;
      },
    }),
    hmac_signature: fn({
      summary: 'Return whether a signature, HMAC-SHA-256 in base64, is that of a text.',
      args: { string: Text, shared_secret: Text, challenge_hmac: Text },
      examples: [
        "salt '*' hashutil.hmac_signature 'get salted' 'shared secret' 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ='",
      ],
      reads: true,
      run: (_context, { string, shared_secret, challenge_hmac }) =>
        isSame(createHmac('sha256', shared_secret).update(string).digest('base64'), challenge_hmac),
    }),
    hmac_compute: fn({
      summary: 'Return the HMAC-SHA-256 of a text.',
      args: { string: Text, shared_secret: Text },
      returns: 'hex digits.',
      examples: ["salt '*' hashutil.hmac_compute 'get salted' 'shared secret'"],
      reads: true,
      run: (_context, { string, shared_secret }) => createHmac('sha256', shared_secret).update(string).digest('hex'),
    }),
    github_signature: fn({
      summary: 'Return whether a signature of a web hook of GitHub, such as `sha1=…`, is that of its text.',
      args: { string: Text, shared_secret: Text, challenge_hmac: Text },
      examples: [
        "salt '*' hashutil.github_signature '{\"ref\":1}' 'shared secret' 'sha1=bc6550fc290acf5b42283fa8deaf55cea0f8c206'",
      ],
      reads: true,
      run(_context, { string, shared_secret, challenge_hmac }) {
        const [algorithm = '', challenge = ''] = challenge_hmac.split('=', 2);
        checkDigest(algorithm);
        return isSame(createHmac(algorithm, shared_secret).update(string).digest('hex'), challenge);
      },
    }),
  },
});

function inLines(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return lines.map((line) => `${line}\n`).join('');
}

function decoded(text: string): Buffer {
  const plain = text.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain) || plain.length % 4 === 1) {
    throw new FleetError('ARGS_INVALID', 'instr: is not base64');
  }
  return Buffer.from(plain, 'base64');
}

/** In the same time, wherever they differ. */
function isSame(computed: string, given: string): boolean {
  const [a, b] = [Buffer.from(computed), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function failed(error: unknown): unknown {
  const text = osErrorText(error);
  return text === undefined ? error : commandFailed(text);
}
