import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import certInfo from '../../../../minion/beacons/cert_info.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { watchFromFirstLook } from '../../../support/watch_beacon.ts';

const DAY_SECONDS = 86_400;

/** A real certificate of openssl, for so many days from now. */
function makeCertificate(root: string, name: string, days: number): void {
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-sha256', '-days', String(days)];
  const subject = ['-subj', '/C=DE/O=Example Works/CN=www.example.test', '-set_serial', '77'];
  const extensions = [
    ...['-addext', 'subjectAltName=DNS:www.example.test,IP:192.0.2.1'],
    ...['-addext', 'keyUsage=critical,digitalSignature,keyCertSign', '-addext', 'extendedKeyUsage=serverAuth'],
  ];
  writeFileSync(
    join(root, name),
    execFileSync('openssl', ['req', ...options, ...subject, ...extensions], { stdio: 'pipe' }),
  );
}

test('cert_info tells certificates that expire soon, in the words of OpenSSL', async () => {
  const root = await fixtureRoot({ 'broken.pem': 'no certificate\n' });
  makeCertificate(root, 'soon.pem', 10);
  makeCertificate(root, 'late.pem', 400);
  const clock = fakeClock(systemClock.nowMs());
  const files = ['/soon.pem', '/late.pem', '/broken.pem', '/none.pem', { '/late.pem': { notify_days: 500 } }];
  const { first, context } = await watchFromFirstLook(certInfo, [{ files }], { root, clock });
  const [soon, late] = first[0]!.data.certificates as Record<string, unknown>[];
  expect([soon?.cert_path, late?.cert_path]).toEqual(['/soon.pem', '/late.pem']);
  const printed = execFileSync(
    'openssl',
    ['x509', '-in', join(root, 'soon.pem'), '-noout', '-enddate', '-ext', 'subjectKeyIdentifier'],
    { encoding: 'utf8' },
  );
  const end = new Date(/notAfter=(.*)/.exec(printed)?.[1] ?? '').toISOString();
  expect(soon).toMatchObject({
    subject: 'C="DE",O="Example Works",CN="www.example.test"',
    subject_dict: { C: 'DE', O: 'Example Works', CN: 'www.example.test' },
    issuer_dict: { CN: 'www.example.test' },
    notAfter: end.slice(0, 19).replace('T', ' ').concat('Z'),
    notAfter_raw: end.slice(0, 19).replace(/\D/g, '').concat('Z'),
    serial_number: 77,
    signature_algorithm: 'sha256WithRSAEncryption',
    version: 2,
    has_expired: false,
  });
  expect(soon?.extensions).toEqual(
    expect.arrayContaining([
      { ext_name: 'subjectAltName', ext_data: 'DNS:www.example.test, IP Address:192.0.2.1' },
      { ext_name: 'keyUsage', ext_data: 'Digital Signature, Certificate Sign' },
      { ext_name: 'extendedKeyUsage', ext_data: 'TLS Web Server Authentication' },
      { ext_name: 'basicConstraints', ext_data: 'CA:TRUE' },
      { ext_name: 'subjectKeyIdentifier', ext_data: /(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(printed)?.[0] },
    ]),
  );
  expect(context.logged.map(({ fields }) => fields.path)).toEqual(['/broken.pem', '/none.pem']);
});

test('cert_info tells once with onchangeonly, and again when it has expired', async () => {
  const root = await fixtureRoot({});
  makeCertificate(root, 'a.pem', 60);
  const clock = fakeClock(systemClock.nowMs());
  const items = [{ files: ['/a.pem'] }, { onchangeonly: true }, { interval: DAY_SECONDS }];
  const beacon = await watchFromFirstLook(certInfo, items, { root, clock });
  expect(beacon.first).toEqual([]);
  for (let day = 1; day <= 62; day++) await beacon.tick(DAY_SECONDS);
  const told = beacon.events.all.map(({ data }) => (data.certificates as { has_expired: boolean }[])[0]?.has_expired);
  expect(told).toEqual([false, true]);
});
