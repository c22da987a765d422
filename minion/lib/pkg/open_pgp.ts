/** What gpg tells of a key, in the members that Salt's `pkg.get_repo_keys` has. */
export interface OpenPgpKey {
  readonly keyid: string;
  readonly fingerprint?: string;
  readonly subkey?: OpenPgpKey;
  readonly [member: string]: unknown;
}

type Draft = Record<string, unknown>;

/** Of `gpg --with-colons` (doc/DETAILS of GnuPG): key id to key. A whole number is one, an empty column is None. */
export function parseKeyListing(text: string): Readonly<Record<string, OpenPgpKey>> {
  const keys: Draft[] = [];
  for (const line of text.split('\n')) {
    const columns = line.split(':').map((column) => column.trim());
    const value = (index: number) => columnValue(columns[index] ?? '');
    const key = keys.at(-1);
    const record = columns[0];
    if (record === 'pub') keys.push(keyOf(columns, value));
    if (key === undefined) continue;
    if (record === 'sub') key.subkey = keyOf(columns, value);
    if (record === 'fpr') Object.assign((key.subkey as Draft | undefined) ?? key, { fingerprint: columns[9] });
    if (record === 'uid') Object.assign(key, { uid: value(9), uid_hash: columns[7] });
  }
  return Object.fromEntries(keys.map((key) => [String(key.keyid), key as unknown as OpenPgpKey]));
}

function keyOf(columns: readonly string[], value: (index: number) => unknown): Draft {
  return {
    algorithm: value(3),
    bits: value(2),
    capability: value(11),
    date_creation: value(5),
    date_expiration: value(6),
    keyid: columns[4],
    validity: value(1),
  };
}

function columnValue(column: string): string | number | null {
  if (column === '') return null;
  return /^\d{1,15}$/.test(column) ? Number(column) : column;
}

const ARMOR = /-----BEGIN PGP PUBLIC KEY BLOCK-----([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * The packets of a public key, whether they stand there as they are or in an ASCII armor (RFC 9580, 6.2), each block of
 * it. Undefined for what is no key.
 */
export function publicKeyPackets(content: Uint8Array): Uint8Array | undefined {
  // Each packet begins with its highest bit set, which no ASCII has.
  if (((content[0] ?? 0) & 0x80) !== 0) return content;
  const blocks = [...Buffer.from(content).toString('latin1').matchAll(ARMOR)].map(([, body = '']) => {
    // Headers end with an empty line; a line that begins with `=` is a checksum.
    const [, data = ''] = /^[^\n]*\n(?:[^\n]+: [^\n]*\n)*\s*\n([\s\S]*)$/.exec(body) ?? [];
    return Buffer.from(data.replace(/^=.*$/m, ''), 'base64');
  });
  const packets = Buffer.concat(blocks);
  return packets.length === 0 ? undefined : packets;
}
