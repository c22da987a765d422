import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { readPrivateFile, writePrivateFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { createSerialQueue } from '../../shared/serial_queue.ts';
import { globMatcher } from '../../shared/target/glob.ts';

/** One-time enrolment tokens: whoever shows one has its key accepted without an operator. Only hashes are kept. */
export interface TokenStore {
  /** A token for one minion whose id the glob matches. Throws LIMIT_EXCEEDED. */
  generate(options: { readonly idGlob: string; readonly ttlSeconds: number }): Promise<string>;
  /** True once for each token: from then on it is gone, also after a power cut. */
  consume(token: string, id: string): Promise<boolean>;
}

const Tokens = v.array(
  v.object({ sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), id: v.string(), exp: v.number() }),
);
type Tokens = v.InferOutput<typeof Tokens>;

const TOKEN = /^[A-Za-z0-9_-]{32}$/;
/** 192 bits: nobody finds one by trying, so wrong tokens need no counter of their own. */
const TOKEN_BYTES = 24;
/** Each offer with a token looks at all of them. */
const TOKENS_MAX = 10_000;

/** Reads and writes `tokens.json` in pkiDir. Both throw CONFIG_INVALID when it is broken, FILE_UNREADABLE. */
export function createTokenStore({ pkiDir, clock }: { readonly pkiDir: string; readonly clock: Clock }): TokenStore {
  const path = join(pkiDir, 'tokens.json');
  const inOrder = createSerialQueue();
  // To read what another wrote takes long when there are many; most times it is what was read or written before.
  let known: { readonly text: string | undefined; readonly tokens: Tokens } = { text: undefined, tokens: [] };
  const readValid = async (): Promise<Tokens> => {
    const text = await readPrivateFile(path);
    if (text !== known.text) known = { text, tokens: text === undefined ? [] : parseTokens(path, text) };
    return known.tokens.filter((token) => token.exp > nowSeconds(clock));
  };
  const write = async (tokens: Tokens): Promise<void> => {
    const text = JSON.stringify(tokens);
    await writePrivateFile(path, text);
    known = { text, tokens };
  };
  return {
    generate: ({ idGlob, ttlSeconds }) =>
      inOrder(async () => {
        const tokens = await readValid();
        if (tokens.length >= TOKENS_MAX) {
          throw new FleetError('LIMIT_EXCEEDED', `${TOKENS_MAX} enrolment tokens are waiting to be used`);
        }
        const token = randomBytes(TOKEN_BYTES).toString('base64url');
        const entry = { sha256: hash(token), id: idGlob, exp: nowSeconds(clock) + ttlSeconds };
        await write([...tokens, entry]);
        return token;
      }),
    consume: (token, id) =>
      inOrder(async () => {
        if (!TOKEN.test(token)) return false;
        const tokens = await readValid();
        // How much of a hash is right, which the time may tell, says nothing of the token.
        const wanted = hash(token);
        const found = tokens.find(({ sha256 }) => sha256 === wanted);
        if (found === undefined || !globMatcher(found.id)(id)) return false;
        await write(tokens.filter((entry) => entry !== found));
        return true;
      }),
  };
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function parseTokens(path: string, text: string): Tokens {
  try {
    return v.parse(Tokens, JSON.parse(text));
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} does not hold enrolment tokens`, {
      hint: 'remove the file and generate the tokens that are still needed again',
      cause,
    });
  }
}
