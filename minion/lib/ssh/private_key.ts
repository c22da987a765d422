const MAGIC = 'openssh-key-v1\0';

/** Whether a private key, in the form of PEM or of OpenSSH, takes a passphrase. */
export function isEncryptedKey(text: string): boolean {
  if (/^-----BEGIN ENCRYPTED |^Proc-Type:\s*4,\s*ENCRYPTED/m.test(text)) return true;
  const [, base64 = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const start = MAGIC.length + 4;
  if (bytes.length < start || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return false;
  return bytes.toString('latin1', start, start + bytes.readUInt32BE(MAGIC.length)) !== 'none';
}
