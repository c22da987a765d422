import type { Client, ClientConfig } from 'pg';
import * as v from 'valibot';
import { FleetError, systemErrorCode } from '../errors.ts';
import { AbsolutePath, Flag, Integer, Text } from '../plugin/args.ts';
import { readPem } from '../plugin/read_pem.ts';
import { defineReturner, type ReturnerDeps, setting } from '../plugin/returner.ts';
import { toJsonLine } from '../protocol/codec.ts';

/** Salt's tables of its returner pgjsonb, so that what reads those reads ours. */
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS jids (
     jid varchar(255) NOT NULL PRIMARY KEY,
     minions text[] DEFAULT ARRAY[]::text[],
     load jsonb NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS salt_returns (
     fun varchar(50) NOT NULL,
     jid varchar(255) NOT NULL,
     id varchar(255) NOT NULL,
     success varchar(10) NOT NULL,
     full_ret jsonb NOT NULL,
     alter_time timestamptz DEFAULT now())`,
  'CREATE INDEX IF NOT EXISTS idx_salt_returns_id ON salt_returns (id)',
  'CREATE INDEX IF NOT EXISTS idx_salt_returns_jid ON salt_returns (jid)',
  'CREATE INDEX IF NOT EXISTS idx_salt_returns_fun ON salt_returns (fun)',
  'CREATE SEQUENCE IF NOT EXISTS seq_salt_events_id',
  `CREATE TABLE IF NOT EXISTS salt_events (
     id bigint NOT NULL UNIQUE DEFAULT nextval('seq_salt_events_id'),
     tag varchar(255) NOT NULL,
     data jsonb NOT NULL,
     alter_time timestamptz DEFAULT now(),
     master_id varchar(255) NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS idx_salt_events_tag ON salt_events (tag)',
];

/** Any number will do that no other program locks. IF NOT EXISTS alone fails when two minions create at once. */
const CREATE_LOCK = 0x5a17;
/** Widths of Salt's columns. What is longer is whole in the jsonb column beside it. */
const FUN_CHARACTERS = 50;
const TAG_CHARACTERS = 255;

const INSERT_RETURN = `INSERT INTO salt_returns (fun, jid, id, success, full_ret)
  SELECT $1::varchar, $2::varchar, $3::varchar, $4::varchar, $5::jsonb
  WHERE NOT EXISTS (SELECT 1 FROM salt_returns WHERE jid = $2::varchar AND id = $3::varchar)`;
const INSERT_JOB = 'INSERT INTO jids (jid, minions, load) VALUES ($1, $2, $3) ON CONFLICT (jid) DO NOTHING';
const INSERT_EVENTS = `INSERT INTO salt_events (tag, data, master_id)
  SELECT event ->> 'key', event -> 'data', $2 FROM jsonb_array_elements($1::jsonb) AS event`;

const config = {
  host: setting(v.optional(Text, 'localhost'), 'The server, or the directory of its unix socket.'),
  port: setting(v.optional(v.pipe(Integer, v.minValue(1), v.maxValue(65535)), 5432), 'Its port.'),
  user: setting(v.optional(Text, 'salt'), 'The role to log in as.'),
  pass: setting(v.optional(Text), 'Its password.'),
  db: setting(v.optional(Text, 'salt'), 'The database.'),
  sslmode: setting(
    v.optional(v.picklist(['disable', 'require', 'verify-ca', 'verify-full'])),
    'Left out: verify-full, and disable for a server on this machine. `require` encrypts and does not look whom it talks to.',
  ),
  sslrootcert: setting(v.optional(AbsolutePath), 'File of the certificates to trust, PEM.'),
  sslcert: setting(v.optional(AbsolutePath), 'File of the certificate to log in with, PEM.'),
  sslkey: setting(v.optional(AbsolutePath), 'File of its private key, PEM.'),
  create_tables: setting(v.optional(Flag, false), 'Create jids, salt_returns and salt_events where they are missing.'),
  timeout: setting(v.optional(v.pipe(Integer, v.minValue(1)), 20), 'Longest wait for the server, seconds.'),
};

type Config = v.InferOutput<v.ObjectSchema<typeof config, undefined>>;

export default defineReturner({
  summary: "Stores returns, jobs and events in PostgreSQL, in the tables of Salt's returner pgjsonb.",
  config,
  perJob: ['db'],
  async open(settings, deps) {
    const client = await connect(settings, deps);
    const place = `${settings.db} on ${settings.host}`;
    const query = (sql: string, values: readonly unknown[]): Promise<void> => run(client, place, sql, values);
    try {
      if (settings.create_tables) await createTables(query);
    } catch (error) {
      await client.end();
      throw error;
    }
    return {
      store(result) {
        const { fun, jid, id, success } = result;
        return query(INSERT_RETURN, [fun.slice(0, FUN_CHARACTERS), jid, id, String(success), toJsonb(result)]);
      },
      storeJob: ({ jid, minions, load }) => query(INSERT_JOB, [jid, minions, toJsonb(load)]),
      storeEvents(events) {
        const rows = events.map(({ tag, data }) => ({ key: tag.slice(0, TAG_CHARACTERS), data }));
        return query(INSERT_EVENTS, [toJsonb(rows), deps.id]);
      },
      close: () => client.end(),
    };
  },
});

async function connect(settings: Config, { root, log }: ReturnerDeps): Promise<Client> {
  const { host, port, user, pass, db, timeout } = settings;
  // Only where it is used: minions without it need not carry it in memory.
  const { Client: PostgresClient } = await import('pg');
  const client = new PostgresClient({
    host,
    port,
    user,
    password: pass,
    database: db,
    ssl: await readSsl(settings, root),
    connectionTimeoutMillis: timeout * 1000,
    query_timeout: timeout * 1000,
    application_name: 'salt',
    keepAlive: true,
  });
  // The next query fails too, and is what counts; without a listener the process would end.
  client.on('error', (error) => log.debug('the connection to postgres broke', { host, error: String(error) }));
  try {
    await client.connect();
  } catch (cause) {
    throw failed(`${db} on ${host}`, cause);
  }
  return client;
}

async function readSsl(settings: Config, root: string): Promise<ClientConfig['ssl']> {
  const { host, sslmode = isLocal(host) ? 'disable' : 'verify-full' } = settings;
  if (sslmode === 'disable') return false;
  return {
    ca: await readPem(root, 'sslrootcert', settings.sslrootcert),
    cert: await readPem(root, 'sslcert', settings.sslcert),
    key: await readPem(root, 'sslkey', settings.sslkey),
    rejectUnauthorized: sslmode !== 'require',
    ...(sslmode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || /^(localhost|127\..*|::1)$/.test(host);
}

async function createTables(query: (sql: string, values: readonly unknown[]) => Promise<void>): Promise<void> {
  await query('SELECT pg_advisory_lock($1)', [CREATE_LOCK]);
  for (const sql of SCHEMA) await query(sql, []);
  await query('SELECT pg_advisory_unlock($1)', [CREATE_LOCK]);
}

async function run(client: Client, place: string, sql: string, values: readonly unknown[]): Promise<void> {
  try {
    await client.query(sql, [...values]);
  } catch (cause) {
    throw failed(place, cause);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  // undefined_table, invalid_password, invalid_authorization_specification, insufficient_privilege, invalid_catalog_name
  '42P01': 'create the tables, or set create_tables: True',
  '28P01': 'see user and pass',
  '28000': 'see user, pass and sslmode',
  '42501': 'grant the role what it needs, or let it own the tables',
  '3D000': 'create the database, or see db',
};

function failed(place: string, cause: unknown): FleetError {
  const code = systemErrorCode(cause);
  const hint = code === undefined ? undefined : HINTS[code];
  const why = cause instanceof Error && cause.message !== '' ? cause.message : (code ?? String(cause));
  return new FleetError('COMMAND_FAILED', `postgres: ${place}: ${why}`, { cause, ...(hint !== undefined && { hint }) });
}

/** jsonb takes neither NUL nor half a surrogate pair, and what commands print may hold both. */
function toJsonb(value: unknown): string {
  return toJsonLine(value)
    .toString()
    .replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '$1\ufffd');
}
