import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';

// Aedes as it comes, behind the doors that ours has: a folder of keys, a port for TLS and one without.
const [folder = '', tlsPort, tcpPort] = process.argv.slice(2);
const pem = (name: string): Buffer => readFileSync(join(folder, `${name}.pem`));
const aedes = await Aedes.createBroker();
const host = '127.0.0.1';
const keys = { key: pem('server.key'), cert: pem('server'), ca: pem('ca') };
createTlsServer({ ...keys, minVersion: 'TLSv1.2', requestCert: true, noDelay: true }, aedes.handle).listen({
  host,
  port: Number(tlsPort),
});
createServer({ noDelay: true }, aedes.handle).listen({ host, port: Number(tcpPort) });
// Node writes a profile (--cpu-prof) when it exits, and none when a signal ends it.
process.once('SIGTERM', () => process.exit(0));
