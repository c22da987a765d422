import { FleetError } from '../errors.ts';

/** What a large value may have at most, checked on its bytes before any decoder sees them: it takes memory by the item. */
export const RETURN_VALUE_MAX = { depth: 32, items: 5_000_000 } as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Throws MESSAGE_INVALID for JSON that is too deep or has too many items. Whether it is JSON at all, the parser says. */
export function scanJson(bytes: Uint8Array): void {
  let depth = 0;
  let items = 1;
  for (let position = 0; position < bytes.length; position++) {
    const byte = bytes[position] as number;
    if (byte === QUOTE) position = endOfText(bytes, position);
    else if (byte === COMMA) items++;
    else if (OPENING.has(byte)) {
      items++;
      if (++depth > RETURN_VALUE_MAX.depth) throw invalid(`deeper than ${RETURN_VALUE_MAX.depth} levels`);
    } else if (CLOSING.has(byte)) depth--;
    if (items > RETURN_VALUE_MAX.items) throw invalid(`more than ${RETURN_VALUE_MAX.items} items`);
  }
}

/** The position of the closing quote, or the end of the bytes. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let quote = bytes.indexOf(QUOTE, start + 1); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return bytes.length;
}

/** The value of a return that came in parts. Throws MESSAGE_INVALID. */
export function readReturnValue(bytes: Uint8Array): unknown {
  scanJson(bytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new FleetError('MESSAGE_INVALID', `JSON refused: ${error instanceof Error ? error.message : 'unreadable'}`, {
      cause: error,
    });
  }
}

function invalid(what: string): FleetError {
  return new FleetError('MESSAGE_INVALID', `JSON refused: ${what}`);
}
