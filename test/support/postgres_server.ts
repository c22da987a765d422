import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerCertificate } from './server_certificate.ts';

const DEBIAN_ROOT = '/usr/lib/postgresql';

/** Where `initdb` and `postgres` are; undefined when PostgreSQL is not installed (Debian: the package `postgresql`). */
export function findPostgres(): string | undefined {
  const versions = existsSync(DEBIAN_ROOT) ? readdirSync(DEBIAN_ROOT) : [];
  const places = [
    ...versions.map((version) => join(DEBIAN_ROOT, version, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ];
  return places.find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')));
}

export interface PostgresServer {
  readonly port: number;
  /** Resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
}

/** A server of its own on 127.0.0.1, with the role `salt`, which logs in by `password`, and the database `salt`. */
export async function createPostgres(bin: string, password: string, tls: ServerCertificate): Promise<PostgresServer> {
  const home = mkdtempSync(join(tmpdir(), 'brine-postgres-'));
  const account = accountOf(home);
  const data = join(home, 'data');
  const files = { password: `${password}\n`, cert: tls.cert, key: tls.key };
  for (const [name, content] of Object.entries(files)) own(join(home, name), content, account);
  const init = ['-D', data, '-U', 'salt', '--auth=scram-sha-256', `--pwfile=${join(home, 'password')}`, '--no-sync'];
  const locale = ['--encoding=UTF8', '--locale=C'];
  execFileSync(join(bin, 'initdb'), [...init, ...locale], { ...account, cwd: home, stdio: 'pipe' });

  const port = await freePort();
  let child: ChildProcess | undefined;
  const stopWith = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  return {
    port,
    async start() {
      const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${home}`, 'fsync=off'];
      const ssl = ['ssl=on', `ssl_cert_file=${join(home, 'cert')}`, `ssl_key_file=${join(home, 'key')}`];
      const args = ['-D', data, ...[...options, ...ssl].flatMap((option) => ['-c', option])];
      child = spawn(join(bin, 'postgres'), args, { ...account, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
      await ready(child);
    },
    // Immediate shutdown: connections are cut and nothing is written, as in a crash, but shared memory is freed.
    kill: () => stopWith('SIGQUIT'),
    async remove() {
      await stopWith('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then as the account that its package made. */
function accountOf(home: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])));
  chownSync(home, uid, gid);
  return { uid, gid };
}

function own(path: string, content: string, { uid, gid }: { uid?: number; gid?: number }): void {
  writeFileSync(path, content, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    if (server.stderr === null) throw new Error('the server has no stderr');
    createInterface({ input: server.stderr }).on('line', (line) => {
      said.push(line);
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`postgres ended:\n${said.join('\n')}`)));
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
