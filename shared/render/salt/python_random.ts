import { createHash } from 'node:crypto';

const LENGTH = 624;
const MIDDLE = 397;

/** `random.Random(seed).sample(items, size)` of CPython 3: the same items in the same order. */
export function pythonSample<T>(items: readonly T[], size: number, seed: string): T[] {
  const below = belowGenerator(seedState(seed));
  const count = items.length;
  // CPython's own bound between the two ways of drawing.
  const setSize = 21 + (size > 5 ? 4 ** Math.ceil(Math.log(size * 3) / Math.log(4)) : 0);
  const result: T[] = [];
  if (count <= setSize) {
    const pool = [...items];
    for (let drawn = 0; drawn < size; drawn += 1) {
      const index = below(count - drawn);
      result.push(pool[index] as T);
      pool[index] = pool[count - drawn - 1] as T;
    }
    return result;
  }
  const taken = new Set<number>();
  while (taken.size < size) {
    const index = below(count);
    if (taken.has(index)) continue;
    taken.add(index);
    result.push(items[index] as T);
  }
  return result;
}

/** Numbers below a limit: bits are drawn until they fit. */
function belowGenerator(state: Uint32Array): (limit: number) => number {
  let position = LENGTH;
  const next = (): number => {
    if (position === LENGTH) {
      twist(state);
      position = 0;
    }
    const value = temper(state[position] as number);
    position += 1;
    return value;
  };
  return (limit) => {
    const bits = 32 - Math.clz32(limit);
    for (;;) {
      const value = next() >>> (32 - bits);
      if (value < limit) return value;
    }
  };
}

// The Mersenne Twister MT19937, whose constants these are.
function twist(state: Uint32Array): void {
  for (let index = 0; index < LENGTH; index += 1) {
    const low = (state[(index + 1) % LENGTH] as number) & 0x7fffffff;
    const mixed = ((state[index] as number) & 0x80000000) | low;
    const odd = (mixed & 1) === 1 ? 0x9908b0df : 0;
    state[index] = (state[(index + MIDDLE) % LENGTH] as number) ^ (mixed >>> 1) ^ odd;
  }
}

function temper(value: number): number {
  let mixed = value ^ (value >>> 11);
  mixed ^= (mixed << 7) & 0x9d2c5680;
  mixed ^= (mixed << 15) & 0xefc60000;
  return (mixed ^ (mixed >>> 18)) >>> 0;
}

/** The state that CPython makes of a text: its bytes followed by their SHA-512, as one number. */
function seedState(seed: string): Uint32Array {
  const text = Buffer.from(seed);
  const bytes = Buffer.concat([text, createHash('sha512').update(text).digest()]).reverse();
  const key: number[] = [];
  for (let index = 0; index < bytes.length; index += 4) {
    key.push([0, 1, 2, 3].reduce((word, offset) => word + (bytes[index + offset] ?? 0) * 256 ** offset, 0));
  }
  while (key.length > 1 && key.at(-1) === 0) key.pop();
  return initByArray(key);
}

function initByArray(key: readonly number[]): Uint32Array {
  const state = initByNumber(19650218);
  let index = 1;
  const step = (factor: number, add: (previous: number) => number) => {
    const previous = state[index - 1] as number;
    const mixed = Math.imul(previous ^ (previous >>> 30), factor);
    state[index] = add(((state[index] as number) ^ mixed) >>> 0);
    index += 1;
    if (index < LENGTH) return;
    state[0] = state[LENGTH - 1] as number;
    index = 1;
  };
  for (let count = 0; count < Math.max(LENGTH, key.length); count += 1) {
    const place = count % key.length;
    step(1664525, (mixed) => mixed + (key[place] as number) + place);
  }
  for (let count = 1; count < LENGTH; count += 1) {
    const here = index;
    step(1566083941, (mixed) => mixed - here);
  }
  state[0] = 0x80000000;
  return state;
}

function initByNumber(seed: number): Uint32Array {
  const state = new Uint32Array(LENGTH);
  state[0] = seed;
  for (let index = 1; index < LENGTH; index += 1) {
    const previous = state[index - 1] as number;
    state[index] = Math.imul(1812433253, previous ^ (previous >>> 30)) + index;
  }
  return state;
}
