import { createHash, randomBytes, randomInt } from 'node:crypto';
import * as v from 'valibot';
import { randomSalt, shaCrypt } from '../../shared/crypto/sha_crypt.ts';
import { FleetError } from '../../shared/errors.ts';
import { Count, Flag, Integer, List, Text } from '../../shared/plugin/args.ts';
import { pythonSample } from '../../shared/render/salt/python_random.ts';
import { defineModule, fn } from '../context.ts';
import { newDigest } from '../lib/digest.ts';

const LENGTH_MAX = 100_000;
const Length = v.pipe(
  Count,
  v.minValue(1, 'must be 1 or more'),
  v.maxValue(LENGTH_MAX, `must be at most ${LENGTH_MAX}`),
);
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

export default defineModule({
  summary: 'Numbers and texts that nobody can guess, and digests.',
  functions: {
    hash: fn({
      summary: 'Return the digest of a text.',
      args: { value: Text, algorithm: v.optional(Text, 'sha512') },
      returns: 'hex digits.',
      examples: ["salt '*' random.hash 'I am a string' md5"],
      reads: true,
      run: (_context, { value, algorithm }) => digest(algorithm, value),
    }),
    str_encode: fn({
      summary: 'Return a text in another form: base64 or hex.',
      args: { value: Text, encoder: v.optional(v.picklist(['base64', 'hex'], 'must be base64 or hex'), 'base64') },
      examples: ["salt '*' random.str_encode 'I am a new string' base64"],
      reads: true,
      // Python's codec for base64 ends with a line end.
      run: (_context, { value, encoder }) =>
        `${Buffer.from(value).toString(encoder)}${encoder === 'base64' ? '\n' : ''}`,
    }),
    get_str: fn({
      summary: 'Return a random text.',
      args: {
        length: v.optional(Length, 20),
        chars: v.optional(Text),
        lowercase: v.optional(Flag, true),
        uppercase: v.optional(Flag, true),
        digits: v.optional(Flag, true),
        punctuation: v.optional(Flag, true),
        whitespace: v.optional(Flag, false),
        printable: v.optional(Flag, false),
      },
      description: 'chars are the characters that it is made of; without them, the kinds that are not switched off.',
      examples: ["salt '*' random.get_str 128", "salt '*' random.get_str 16 punctuation=False"],
      secret: true,
      reads: true,
      run(_context, args) {
        const kinds: readonly (readonly [boolean, string])[] = [
          [args.lowercase || args.printable, LOWER],
          [args.uppercase || args.printable, LOWER.toUpperCase()],
          [args.digits || args.printable, DIGITS],
          [args.punctuation || args.printable, PUNCTUATION],
          [args.whitespace, ' \t\n'],
        ];
        const chars = args.chars ?? kinds.map(([isWanted, all]) => (isWanted ? all : '')).join('');
        return draw(args.length, Array.from(chars));
      },
    }),
    rand_str: fn({
      summary: 'Return the digest of random bytes.',
      args: { size: v.optional(Integer), hash_type: v.optional(Text) },
      description: 'size stands for the algorithm in old calls and is not looked at.',
      examples: ["salt '*' random.rand_str", "salt '*' random.rand_str hash_type=md5"],
      secret: true,
      reads: true,
      run: (_context, { hash_type }) => digest(hash_type ?? 'md5', randomBytes(64)),
    }),
    shadow_hash: fn({
      summary: 'Return a password as /etc/shadow has it.',
      args: {
        crypt_salt: v.optional(Text),
        password: v.optional(Text),
        algorithm: v.optional(v.picklist(['sha256', 'sha512'], 'must be sha256 or sha512'), 'sha512'),
      },
      description: 'Without a password it is that of a random one, which nobody knows.',
      examples: ["salt '*' random.shadow_hash 'My5alT' 'MyP@asswd' sha512"],
      secret: true,
      reads: true,
      run: (_context, { crypt_salt, password, algorithm }) =>
        shaCrypt(password ?? draw(20, Array.from(LOWER + DIGITS)), crypt_salt ?? randomSalt(), algorithm),
    }),
    rand_int: fn({
      summary: 'Return a random whole number, both ends included.',
      args: { start: v.optional(Integer, 1), end: v.optional(Integer, 10), seed: v.optional(Text) },
      description: 'The same seed gives the same number.',
      examples: ["salt '*' random.rand_int 1 10"],
      reads: true,
      run(_context, { start, end, seed }) {
        if (end < start) throw new FleetError('ARGS_INVALID', `end: must not be less than start, ${start}`);
        return start + (seed === undefined ? randomInt(end - start + 1) : seeded(seed, end - start + 1));
      },
    }),
    seed: fn({
      summary: 'Return a number from 0 up to, and without, the range that stays the same on one minion.',
      args: { range: v.optional(v.pipe(Integer, v.minValue(1, 'must be 1 or more')), 10), hash: v.optional(Text) },
      description: 'It is made of the id of the minion, or of `hash`.',
      examples: ["salt '*' random.seed 10", "salt '*' random.seed 60 hash=cronjob"],
      reads: true,
      run: ({ id }, { range, hash }) => seeded(hash ?? id, range),
    }),
    sample: fn({
      summary: 'Return some items of a list, drawn at random, each at most once.',
      args: { value: List, size: Count, seed: v.optional(Text) },
      description: 'The same seed gives the same items, those that Salt draws.',
      examples: ["salt '*' random.sample '[one, two, three]' 2", "salt '*' random.sample '[1, 2, 3]' 2 seed=web"],
      reads: true,
      run(_context, { value, size, seed }) {
        if (size <= value.length) return sample(value, size, seed);
        throw new FleetError('ARGS_INVALID', `size: must be at most the number of items, ${value.length}`);
      },
    }),
    shuffle: fn({
      summary: 'Return the items of a list in random order.',
      args: { value: List, seed: v.optional(Text) },
      description: 'The same seed gives the same order, that of Salt.',
      examples: ["salt '*' random.shuffle '[one, two, three]'", "salt '*' random.shuffle '[1, 2, 3]' seed=web"],
      reads: true,
      run: (_context, { value, seed }) => sample(value, value.length, seed),
    }),
  },
});

function digest(algorithm: string, value: string | Buffer): string {
  return newDigest(algorithm).update(value).digest('hex');
}

function draw(length: number, chars: readonly string[]): string {
  if (chars.length === 0) throw new FleetError('ARGS_INVALID', 'chars: there is nothing to choose from');
  return Array.from({ length }, () => chars[randomInt(chars.length)]).join('');
}

function sample(items: readonly unknown[], size: number, seed: string | undefined): unknown[] {
  if (seed !== undefined) return pythonSample(items, size, digest('sha512', seed));
  const pool = [...items];
  for (let drawn = 0; drawn < size; drawn += 1) {
    const index = drawn + randomInt(pool.length - drawn);
    [pool[drawn], pool[index]] = [pool[index], pool[drawn]];
  }
  return pool.slice(0, size);
}

function seeded(seed: string, range: number): number {
  return createHash('sha256').update(seed).digest().readUIntBE(0, 6) % range;
}
