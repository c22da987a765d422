import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerCertificate } from './server_certificate.ts';
import { until } from './until.ts';

const SLAPD = '/usr/sbin/slapd';
const SCHEMAS = '/etc/ldap/schema';

export interface LdapServer {
  readonly url: string;
  /** The same with TLS. */
  readonly secureUrl: string;
  /** Resolves when it takes connections. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
}

/** OpenLDAP on 127.0.0.1 with a configuration and a directory of its own, filled with that LDIF below `suffix`. */
export async function createLdapServer(suffix: string, ldif: string, tls: ServerCertificate): Promise<LdapServer> {
  const home = mkdtempSync(join(tmpdir(), 'brine-ldap-'));
  mkdirSync(join(home, 'data'));
  for (const [name, content] of Object.entries({ 'ca.pem': tls.ca, 'cert.pem': tls.cert, 'key.pem': tls.key })) {
    writeFileSync(join(home, name), content, { mode: 0o600 });
  }
  const config = join(home, 'slapd.conf');
  writeFileSync(config, configOf(home, suffix));
  writeFileSync(join(home, 'directory.ldif'), ldif);
  const added = spawnSync('/usr/sbin/slapadd', ['-f', config, '-l', join(home, 'directory.ldif')], {
    encoding: 'utf8',
  });
  if (added.status !== 0) throw new Error(`slapadd: ${added.error?.message ?? added.stderr}`);

  const [port, securePort] = [await freePort(), await freePort()];
  const url = `ldap://127.0.0.1:${port}`;
  const secureUrl = `ldaps://127.0.0.1:${securePort}`;
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };
  return {
    url,
    secureUrl,
    async start() {
      // With a level of debugging it stays in the foreground, and says when it has begun.
      child = spawn(SLAPD, ['-f', config, '-h', `${url} ${secureUrl}`, '-d', 'stats'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await ready(child, port);
    },
    stop,
    async remove() {
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Whoever is not bound may do nothing but bind; others read, and see no password. */
function configOf(home: string, suffix: string): string {
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include ${SCHEMAS}/${name}.schema`);
  return [
    ...schemas,
    `pidfile ${home}/slapd.pid`,
    `TLSCACertificateFile ${home}/ca.pem`,
    `TLSCertificateFile ${home}/cert.pem`,
    `TLSCertificateKeyFile ${home}/key.pem`,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    'database mdb',
    `suffix "${suffix}"`,
    `directory ${home}/data`,
    'maxsize 16777216',
    'access to attrs=userPassword by anonymous auth by * none',
    'access to * by users read by * none',
    '',
  ].join('\n');
}

async function ready(server: ChildProcess, port: number): Promise<void> {
  const said: string[] = [];
  if (server.stderr === null) throw new Error('the server has no stderr');
  createInterface({ input: server.stderr }).on('line', (line) => said.push(line));
  // That it starts, it says before it listens.
  await until('slapd takes connections', () => {
    if (server.exitCode !== null) throw new Error(`slapd ended:\n${said.join('\n')}`);
    return takesConnections(port);
  });
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
