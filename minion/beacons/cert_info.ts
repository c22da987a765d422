import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errorLine } from '../../shared/errors.ts';
import { Integer } from '../../shared/plugin/args.ts';
import { type BeaconContext, defineBeacon } from '../beacon.ts';
import { type CertificateInfo, readCertificateInfo } from '../lib/beacon/certificate_info.ts';
import { PathKey } from '../lib/beacon/path_key.ts';

const DAY_MS = 86_400_000;

const File = v.union(
  [PathKey, v.record(PathKey, v.strictObject({ notify_days: v.optional(Integer) }))],
  'must be an absolute path, or one with its notify_days',
);

export default defineBeacon({
  summary: 'Tells which certificates expire soon.',
  description:
    'With ``notify_days: -1`` every certificate is told. Of a file with several certificates the first counts.',
  config: v.strictObject({
    files: v.array(File, 'must be a list of files'),
    notify_days: v.optional(Integer, 45),
  }),
  example: [
    { files: ['/etc/pki/tls/certs/mycert.pem', { '/etc/pki/tls/certs/yourcert.pem': { notify_days: 15 } }] },
    { notify_days: 45 },
    { interval: 86_400 },
  ],
  data: {
    certificates:
      'of each its cert_path, issuer, issuer_dict, notAfter, notAfter_raw, notBefore, notBefore_raw, serial_number, ' +
      'signature_algorithm, subject, subject_dict, version, extensions (ext_name, ext_data) and has_expired',
  },
  async *watch(context, { files, notify_days: daysOfAll }) {
    const wanted = files.flatMap((file): (readonly [string, number])[] =>
      typeof file === 'string'
        ? [[file, daysOfAll]]
        : Object.entries(file).map(([path, { notify_days: days }]) => [path, days ?? daysOfAll]),
    );
    for await (const _ of context.ticks()) {
      const certificates = [];
      for (const [path, days] of wanted) {
        const info = await readOne(context, path);
        if (info === undefined) continue;
        const { notAfterMs, ...members } = info;
        const left = Math.floor((notAfterMs - context.clock.nowMs()) / DAY_MS);
        if (days < 0 || left <= days) certificates.push({ cert_path: path, ...members });
      }
      if (certificates.length > 0) yield { data: { certificates }, state: JSON.stringify(certificates) };
    }
  },
});

/** A file that cannot be read costs itself alone. */
async function readOne({ root, clock, log }: BeaconContext, path: string): Promise<CertificateInfo | undefined> {
  try {
    return readCertificateInfo(await readFile(join(root, path), 'utf8'), clock.nowMs());
  } catch (error) {
    log.error('a certificate cannot be read', { path, reason: errorLine(error) });
    return undefined;
  }
}
