import { hashForms } from './hash.ts';

/** Whose checksum is looked for; the first name that the list has counts. */
export interface WantedHash {
  readonly hash_type: string;
  readonly file_name: string;
  readonly source: string;
  readonly source_hash_name?: string | null | undefined;
}

export interface FoundHash {
  readonly hsum: string;
  readonly hash_type: string;
}

interface ListedHash extends FoundHash {
  /** The line without the digits. */
  readonly rest: string;
}

/** The checksum of a file in a list of them: the form of coreutils, of BSD, or digits alone. */
export function findHash(text: string, wanted: WantedHash): FoundHash | undefined {
  const listed = text.split('\n').flatMap((line) => readLine(line, wanted.hash_type));
  const names = [wanted.source_hash_name ?? '', wanted.file_name, lastPart(wanted.source)].filter(
    (name) => name !== '',
  );
  const found = names
    .map((name) => listed.find(({ rest }) => rest === name) ?? listed.find(({ rest }) => isNamed(rest, name)))
    .find((hash) => hash !== undefined);
  const alone = listed.length === 1 || names.length === 0 || listed.every(({ rest }) => rest === '');
  const hash = found ?? (alone ? listed[0] : undefined);
  return hash && { hsum: hash.hsum, hash_type: hash.hash_type };
}

/** Of a type that is not known any checksum counts. */
function readLine(line: string, type: string): ListedHash[] {
  const lengths = Object.hasOwn(hashForms, type) ? { [type]: hashForms[type] } : hashForms;
  for (const digits of line.match(/(?<![0-9a-z])[0-9a-f]{32,128}(?![0-9a-z])/gi) ?? []) {
    const form = Object.keys(lengths).find((name) => lengths[name] === digits.length);
    if (form !== undefined) return [{ hsum: digits, hash_type: form, rest: nameIn(line.replace(digits, '')) }];
  }
  return [];
}

/** `digits *name`, `SHA256 (name) = digits`, or nothing. */
function nameIn(rest: string): string {
  const inParentheses = /\((.+)\)\s*=/.exec(rest)?.[1];
  return (
    inParentheses ??
    rest
      .trim()
      .replace(/^\*/, '')
      .replace(/^[a-z0-9]+[:=]\s*$/i, '')
  );
}

/** The same last parts, be there folders before them or not. */
function isNamed(listed: string, name: string): boolean {
  return lastPart(listed) === lastPart(name);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
