import { FleetError } from '../errors.ts';

/** Limits on what is decoded, checked on the bytes before any decoder sees them. */
export const PAYLOAD_LIMITS = {
  /** Largest payload of any message; larger content goes as blocks by hash. */
  bytes: 256 * 1024,
  depth: 32,
  /** Arrays, maps, strings and numbers together. */
  items: 100_000,
} as const;

/**
 * Walks the bytes of one CBOR value (RFC 8949) and refuses what must not reach a decoder: every tag (cbor-x spends
 * 1.4 s on a 100 kB bignum tag and builds RegExps and cyclic objects from others), indefinite lengths, reserved and
 * simple values other than false, true, null and undefined, keys that are not text, too deep or too many items, lengths
 * beyond the end, trailing bytes. What passes, cbor-x decodes without throwing. Answers how many items there are.
 */
export function scanCbor(bytes: Uint8Array, limits: ScanLimits = PAYLOAD_LIMITS): number {
  const { end, items } = scanItems(bytes, limits);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} bytes after the value`);
  return items;
}

export interface ScanLimits {
  readonly depth: number;
  readonly items: number;
}

interface Container {
  /** Items still to come; in a map, keys and values alike. */
  remaining: number;
  readonly isMap: boolean;
}

function scanItems(bytes: Uint8Array, limits: ScanLimits): { readonly end: number; readonly items: number } {
  const open: Container[] = [{ remaining: 1, isMap: false }];
  let position = 0;
  let items = 0;
  for (let parent = open.at(-1); parent !== undefined; parent = open.at(-1)) {
    if (parent.remaining === 0) {
      open.pop();
      continue;
    }
    if (++items > limits.items) throw invalid(`more than ${limits.items} items`);
    const head = readHead(bytes, position);
    if (parent.isMap && parent.remaining % 2 === 0 && head.major !== 3) throw invalid('a key that is not text');
    parent.remaining -= 1;
    position = head.major === 2 || head.major === 3 ? skip(bytes, head.end, head.value) : head.end;
    const inner = containerOf(head, bytes.length - position);
    if (inner === undefined) continue;
    if (open.length > limits.depth) throw invalid(`deeper than ${limits.depth} levels`);
    open.push(inner);
  }
  return { end: position, items };
}

/** What an array or a map opens; undefined for a single value. */
function containerOf({ major, info, value }: Head, bytesLeft: number): Container | undefined {
  if (major === 6) throw invalid(`tag ${value} is not allowed`);
  if (major === 7 && (info < 20 || info === 24)) throw invalid(`simple value ${value} is not allowed`);
  if (major !== 4 && major !== 5) return undefined;
  const remaining = major === 4 ? value : value * 2;
  if (remaining > bytesLeft) throw invalid('a length beyond the end');
  return { remaining, isMap: major === 5 };
}

interface Head {
  readonly major: number;
  /** The five low bits: the value itself, or how many bytes hold it. */
  readonly info: number;
  readonly value: number;
  readonly end: number;
}

function readHead(bytes: Uint8Array, start: number): Head {
  const initial = bytes[start];
  if (initial === undefined) throw invalid('ends in the middle of a value');
  const major = initial >> 5;
  const info = initial & 31;
  if (info < 24) return { major, info, value: info, end: start + 1 };
  if (info > 27) throw invalid('an indefinite or reserved length');
  const size = 1 << (info - 24);
  const end = skip(bytes, start + 1, size);
  let value = 0;
  for (let index = start + 1; index < end; index++) value = value * 256 + (bytes[index] as number);
  return { major, info, value, end };
}

function skip(bytes: Uint8Array, start: number, length: number): number {
  if (length > bytes.length - start) throw invalid('a length beyond the end');
  return start + length;
}

function invalid(what: string): FleetError {
  return new FleetError('MESSAGE_INVALID', `CBOR refused: ${what}`);
}
