import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { FleetError } from '../errors.ts';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SALT_CHARACTERS = 16;
const ROUNDS = 5000;

const methods = {
  sha256: { id: '5', bytes: 32 },
  sha512: { id: '6', bytes: 64 },
} as const;

export type CryptAlgorithm = keyof typeof methods;

/** A salt for `shaCrypt`. */
export function randomSalt(): string {
  return Array.from({ length: SALT_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/**
 * A password as /etc/shadow has it: the `$5$` and `$6$` forms of crypt(5). Throws ARGS_INVALID for a salt it cannot
 * have.
 */
export function shaCrypt(password: string, salt: string, algorithm: CryptAlgorithm): string {
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt)) {
    throw new FleetError('ARGS_INVALID', 'crypt_salt: must be 1 to 16 letters, digits, dots or slashes');
  }
  const key = Buffer.from(password);
  const seed = Buffer.from(salt);
  let digest = firstDigest(algorithm, key, seed);
  const keyPart = repeated(hash(algorithm, Array(key.length).fill(key)), key.length);
  const seedPart = repeated(hash(algorithm, Array(16 + (digest[0] ?? 0)).fill(seed)), seed.length);
  for (let round = 0; round < ROUNDS; round += 1) {
    const isOdd = round % 2 === 1;
    digest = hash(algorithm, [
      isOdd ? keyPart : digest,
      ...(round % 3 === 0 ? [] : [seedPart]),
      ...(round % 7 === 0 ? [] : [keyPart]),
      isOdd ? digest : keyPart,
    ]);
  }
  return `$${methods[algorithm].id}$${salt}$${encode(digest)}`;
}

function firstDigest(algorithm: CryptAlgorithm, key: Buffer, seed: Buffer): Buffer {
  const other = hash(algorithm, [key, seed, key]);
  const parts = [key, seed, repeated(other, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? other : key);
  return hash(algorithm, parts);
}

function hash(algorithm: CryptAlgorithm, parts: readonly Buffer[]): Buffer {
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** As many bytes as asked for, over and over again. */
function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Base 64 of crypt: three bytes at a time, from a third of the digest each, in an order that turns. */
function encode(digest: Buffer): string {
  const isLong = digest.length === 64;
  const third = Math.floor(digest.length / 3);
  let text = '';
  for (let step = 0; step < third; step += 1) {
    const places = [step, step + third, step + 2 * third];
    const turn = isLong ? step % 3 : (3 - (step % 3)) % 3;
    const [high = 0, middle = 0, low = 0] = [...places.slice(turn), ...places.slice(0, turn)].map((at) => digest[at]);
    text += characters((high << 16) | (middle << 8) | low, 4);
  }
  const last = digest[digest.length - 1] ?? 0;
  return isLong ? text + characters(last, 2) : text + characters((last << 8) | (digest[30] ?? 0), 3);
}

function characters(value: number, count: number): string {
  return Array.from({ length: count }, (_, place) => ALPHABET[(value >> (6 * place)) & 63]).join('');
}

/** Whether a password is that of such a text; of any other text it is none. */
export function isShaCrypt(password: string, crypted: string): boolean {
  const [, id, salt = ''] = /^\$([56])\$([./0-9A-Za-z]{1,16})\$[./0-9A-Za-z]+$/.exec(crypted) ?? [];
  if (id === undefined) return false;
  const [given, wanted] = [shaCrypt(password, salt, id === '5' ? 'sha256' : 'sha512'), crypted].map((text) =>
    createHash('sha256').update(text).digest(),
  ) as [Buffer, Buffer];
  return timingSafeEqual(given, wanted);
}
