import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBroker } from '../../broker/broker.ts';
import { brokerLimits, loadMasterConfig } from '../../master/config.ts';
import { systemClock } from '../../shared/clock.ts';
import { readCertificate } from '../../shared/crypto/certificate.ts';
import { fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { createLogger } from '../../shared/log.ts';
import { messageTable } from '../../shared/protocol/message_table.ts';
import { OPERATOR } from '../lib/load_settings.ts';

// The master's broker without a master: all of its rules, and nobody who stores what it takes.
const [folder = '', tlsPort, tcpPort] = process.argv.slice(2);
const pem = (name: string): string => readFileSync(join(folder, `${name}.pem`), 'utf8');
const accepted = new Map(
  readdirSync(folder).flatMap((file) => {
    const id = /^(m\d+)\.pem$/.exec(file)?.[1];
    return id === undefined ? [] : [[id, fingerprintOf(readCertificate(pem(id)).publicKey)] as const];
  }),
);
const host = '127.0.0.1';
const keys = { keyPem: pem('server.key'), certPem: pem('server'), caPem: pem('ca') };
const limits = brokerLimits(await loadMasterConfig({ configDir: folder, env: {}, overrides: {} }));
await createBroker({
  table: messageTable,
  listeners: [
    { kind: 'tls', host, port: Number(tlsPort), ...keys },
    { kind: 'tcp', host, port: Number(tcpPort), role: 'operator' },
  ],
  identities: {
    owner: OPERATOR.name,
    refuseMinion: (id, fingerprint) => (accepted.get(id) === fingerprint ? undefined : 'its key is not accepted'),
    isOperator: (user, password) => user === OPERATOR.name && password === OPERATOR.password,
    isExternalOperator: () => undefined,
    isDevice: () => false,
    observerTopics: () => undefined,
  },
  // The rates are counted as ever; only that they are reached would be something else than to be compared.
  limits: { ...limits, connectsPerSecond: 10_000, publishesPerSecond: 10_000_000 },
  handlers: { received: async () => undefined, online: () => undefined, offline: () => undefined },
  clock: systemClock,
  log: createLogger(
    [{ level: 'warning', format: 'text', write: (line) => void process.stderr.write(line) }],
    systemClock.nowMs,
  ),
});
// Node writes a profile (--cpu-prof) when it exits, and none when a signal ends it.
process.once('SIGTERM', () => process.exit(0));
