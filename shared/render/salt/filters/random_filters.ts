import type { FilterScope } from '../../jinja/filter_scope.ts';
import { defineFilter } from '../../jinja/signature.ts';
import { toList } from '../../values/iteration.ts';
import { PyError } from '../../values/py_error.ts';
import { HostFunction } from '../../values/py_function.ts';
import { isInt } from '../../values/py_int.ts';
import { NO_KWARGS, type Value } from '../../values/py_object.ts';
import { pyStr } from '../../values/text.ts';
import type { NamedFilter } from '../pure_filter.ts';
import { pythonSample } from '../python_random.ts';
import { bytesOf, digest } from './hash_filters.ts';

/** Bytes that nobody can foresee: secrets are made of them. */
export type RandomBytes = (count: number) => Uint8Array;

/** What is drawn by lot. */
export function randomFilters(randomBytes: RandomBytes): readonly NamedFilter[] {
  const filter = (
    name: string,
    required: readonly string[],
    optional: Readonly<Record<string, Value>>,
    run: (draw: RandomBytes, ...values: Value[]) => Value,
  ): NamedFilter => [
    name,
    defineFilter({ name, required, optional }, (scope, ...values) => run(remembered(scope, randomBytes), ...values)),
  ];
  const hashOptions = { size: 9999999999, hash_type: null };
  return [
    filter('gen_mac', [], { prefix: 'AC:DE:48' }, (draw, prefix) => generateMac(draw, pyStr(prefix))),
    filter('random_hash', [], hashOptions, randomHash),
    filter('rand_str', [], hashOptions, randomHash),
    filter('random_str', [], { size: 32 }, (draw, size) => randomText(draw, Number(size))),
    filter('random_sample', ['value', 'size'], { seed: null }, (draw, value, size, seed) =>
      sample(draw, toList(value), Number(size), seed),
    ),
    filter('random_shuffle', ['value'], { seed: null }, (draw, value, seed) => {
      const items = toList(value);
      return sample(draw, items, items.length, seed);
    }),
  ];
}

/** Drawn by way of the render, which gives the same bytes again when it has to start over. */
function remembered(scope: FilterScope, randomBytes: RandomBytes): RandomBytes {
  return (count) => {
    const draw = new HostFunction('random', () => randomBytes(count));
    return scope.call(draw, [], NO_KWARGS) as Uint8Array;
  };
}

function generateMac(draw: RandomBytes, prefix: string): string {
  const octets = [...draw(3)].map((octet) => octet.toString(16).toUpperCase().padStart(2, '0'));
  return [prefix, ...octets].join(':');
}

function randomHash(draw: RandomBytes, size: Value | undefined, type: Value | undefined): string {
  const limit = isInt(size) ? Number(size) : 0;
  const algorithm = type === null || type === undefined ? 'md5' : pyStr(type);
  return digest(algorithm, new TextEncoder().encode(String(randomBelow(draw, limit + 1))));
}

function randomText(draw: RandomBytes, size: number): string {
  return Buffer.from(draw(size)).toString('base64').slice(0, size);
}

// Six bytes are the most that a double holds exactly.
function randomBelow(draw: RandomBytes, limit: number): number {
  return Buffer.from(draw(6)).readUIntBE(0, 6) % limit;
}

/** With a seed, the very items that Python draws. */
function sample(draw: RandomBytes, items: readonly Value[], size: number, seed: Value): Value[] {
  if (size < 0 || size > items.length) throw new PyError('ValueError', 'Sample larger than population or is negative');
  if (seed !== null) return pythonSample(items, size, digest('sha512', bytesOf(seed)));
  const pool = [...items];
  return Array.from({ length: size }, () => pool.splice(randomBelow(draw, pool.length), 1)[0] as Value);
}
