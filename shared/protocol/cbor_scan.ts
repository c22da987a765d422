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
 * 1.4 s on a 100 kB bignum tag and builds RegExps and cyclic objects from others), indefinite lengths, reserved
 * values, too deep or too many items, lengths beyond the end, trailing bytes.
 */
export function scanCbor(bytes: Uint8Array): void {
  const end = scanItems(bytes);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} bytes after the value`);
}

function scanItems(bytes: Uint8Array): number {
  const remaining: number[] = [1];
  let position = 0;
  let items = 0;
  while (remaining.length > 0) {
    const depth = remaining.length - 1;
    if (remaining[depth] === 0) {
      remaining.pop();
      continue;
    }
    remaining[depth] = (remaining[depth] as number) - 1;
    if (++items > PAYLOAD_LIMITS.items) throw invalid(`more than ${PAYLOAD_LIMITS.items} items`);
    const head = readHead(bytes, position);
    position = head.end;
    if (head.major === 2 || head.major === 3) position = skip(bytes, position, head.value);
    else if (head.major === 4 || head.major === 5) {
      if (remaining.length > PAYLOAD_LIMITS.depth) throw invalid(`deeper than ${PAYLOAD_LIMITS.depth} levels`);
      const children = head.major === 4 ? head.value : head.value * 2;
      if (children > bytes.length - position) throw invalid('a length beyond the end');
      remaining.push(children);
    } else if (head.major === 6) throw invalid(`tag ${head.value} is not allowed`);
  }
  return position;
}

interface Head {
  readonly major: number;
  readonly value: number;
  readonly end: number;
}

function readHead(bytes: Uint8Array, start: number): Head {
  const initial = bytes[start];
  if (initial === undefined) throw invalid('ends in the middle of a value');
  const major = initial >> 5;
  const info = initial & 31;
  if (info < 24) return { major, value: info, end: start + 1 };
  if (info > 27) throw invalid('an indefinite or reserved length');
  const size = 1 << (info - 24);
  const end = skip(bytes, start + 1, size);
  let value = 0;
  for (let index = start + 1; index < end; index++) value = value * 256 + (bytes[index] as number);
  return { major, value, end };
}

function skip(bytes: Uint8Array, start: number, length: number): number {
  if (length > bytes.length - start) throw invalid('a length beyond the end');
  return start + length;
}

function invalid(what: string): FleetError {
  return new FleetError('MESSAGE_INVALID', `CBOR refused: ${what}`);
}
