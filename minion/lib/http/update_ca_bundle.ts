import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemReason } from '../../../shared/system_reason.ts';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';
import { fileRoot } from '../file_root.ts';
import type { QueryOptions } from './query_options.ts';
import { runQuery } from './run_query.ts';

const SOURCE = 'https://curl.se/ca/cacert.pem';
/** Where systems keep the certificates that they trust. */
const TARGETS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/certs/ca-bundle.crt',
  '/var/lib/ca-certificates/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export interface BundleSource {
  readonly target?: string | undefined;
  readonly source?: string | undefined;
  readonly merge_files?: readonly string[] | undefined;
}

/**
 * Writes a bundle that was fetched, with further files behind it: only if all of it are certificates. Throws
 * COMMAND_FAILED.
 */
export async function updateCaBundle(context: MinionContext, options: QueryOptions, how: BundleSource): Promise<void> {
  const { source = SOURCE, merge_files: files = [] } = how;
  const { root } = context;
  const target = how.target ?? TARGETS.find((path) => fileRoot(root).exists(path));
  if (target === undefined) throw commandFailed('no bundle of certificates is known here', 'give a target');
  const { body, error } = await runQuery(context, source, options);
  if (error !== undefined) throw commandFailed(`cannot fetch ${source}: ${error}`);
  const parts = [checked(String(body), source)];
  for (const file of files) parts.push(checked(await readBundle(root, file), file));
  await writeFileAtomically(join(root, target), parts.join(''));
}

async function readBundle(root: string, file: string): Promise<string> {
  try {
    return await readFile(join(root, file), 'utf8');
  } catch (error) {
    throw commandFailed(`cannot read ${file}: ${systemReason(error)}`);
  }
}

function checked(text: string, from: string): string {
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw commandFailed(`${from} does not hold certificates`);
  }
  return text.endsWith('\n') ? text : `${text}\n`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}
