import { createHash } from 'node:crypto';
import { FleetError } from '../../../shared/errors.ts';
import { digestFile } from '../digest.ts';

/** Salt's names of checksums, each with its length in hexadecimal digits. */
export const hashForms: Readonly<Record<string, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** The checksum of a file in hexadecimal digits. Throws ARGS_INVALID for a form that is not known. */
export async function hashFile(path: string, form: string): Promise<string> {
  if (!Object.hasOwn(hashForms, form)) {
    throw new FleetError('ARGS_INVALID', `Invalid hash type: ${form}`, {
      hint: `use ${Object.keys(hashForms).join(', ')}`,
    });
  }
  return digestFile(path, createHash(form));
}

/** `sha256=…`, `sha256:…` or the digits alone, whose number tells the form. Throws ARGS_INVALID. */
export function parseHash(text: string): { readonly form: string; readonly digest: string } {
  const match = /^([^:=]*)[:=](.*)$/.exec(text);
  if (match !== null) return { form: match[1] as string, digest: match[2] as string };
  const form = Object.keys(hashForms).find((name) => hashForms[name] === text.length);
  if (form !== undefined) return { form, digest: text };
  const known = Object.entries(hashForms).map(([name, length]) => `${name} (${length})`);
  throw new FleetError(
    'ARGS_INVALID',
    `Hash ${text} (length: ${text.length}) could not be matched to a supported hash type. ` +
      `The supported hash types and lengths are: ${known.join(', ')}`,
  );
}
