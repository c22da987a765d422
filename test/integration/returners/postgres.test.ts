import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { loadFolder, programFolder } from '../../../shared/plugin/load_folder.ts';
import { createReturnerOpener, type ReturnerOpener } from '../../../shared/plugin/open_returner.ts';
import type { AnyReturner, OpenReturner } from '../../../shared/plugin/returner.ts';
import { openReturnerQueue } from '../../../shared/plugin/returner_queue.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';
import { createPostgres, findPostgres, type PostgresServer } from '../../support/postgres_server.ts';
import { returnDelivery, returnerDeps, storedReturn } from '../../support/sample_deliveries.ts';
import { serverCertificate } from '../../support/server_certificate.ts';

const bin = findPostgres();
const PASSWORD = 'not so secret';
const certificate = serverCertificate(['127.0.0.1']);

test.runIf(process.env.CI === 'true')('PostgreSQL is installed where everything must be tested', () => {
  expect(bin, 'install the package postgresql').toBeDefined();
});

describe.skipIf(bin === undefined)('the postgres returner', () => {
  let server: PostgresServer;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await createPostgres(bin as string, PASSWORD, certificate);
    await server.start();
    admin = await connectAdmin();
    await admin.query('CREATE DATABASE salt');
    await admin.query('CREATE DATABASE other');
    await admin.end();
    admin = await connectAdmin('salt');
  });
  afterAll(async () => {
    await admin.end();
    await server.remove();
  });
  beforeEach(() =>
    admin.query('DROP TABLE IF EXISTS jids, salt_returns, salt_events; DROP SEQUENCE IF EXISTS seq_salt_events_id'),
  );

  async function connectAdmin(database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'salt', password: PASSWORD, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  function opener(settings: Readonly<Record<string, unknown>> = {}, root = '/'): ReturnerOpener {
    const own = { host: '127.0.0.1', port: server.port, pass: PASSWORD, create_tables: true, ...settings };
    return createReturnerOpener({
      folder: loadFolder<AnyReturner>(programFolder('shared/returners')),
      config: { returners: { postgres: own }, disable_returners: [] },
      deps: returnerDeps({ root, id: 'salt-master' }),
    });
  }

  async function open(settings: Readonly<Record<string, unknown>> = {}, root = '/'): Promise<OpenReturner> {
    const returner = await opener(settings, root)({ returner: 'postgres' });
    onTestFinished(() => returner.close());
    return returner;
  }

  test("stores a return in Salt's columns, once however often it arrives", async () => {
    const { store } = await open();
    const result = storedReturn({ fun: 'cmd.run', return: { a: [1, null, 'ü'] }, retcode: 1, success: false });
    await store(result);
    await store(result);
    await store(storedReturn({ id: 'm2' }));
    const { rows } = await admin.query(
      "SELECT *, alter_time > now() - interval '1 minute' AS is_new FROM salt_returns ORDER BY id",
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      fun: 'cmd.run',
      jid: result.jid,
      id: 'm1',
      success: 'false',
      full_ret: result,
      is_new: true,
    });
  });

  test('stores a job once, with its minions', async () => {
    const { storeJob } = await open();
    const job = { jid: '20260101000000000001', minions: ['m1', 'm"2,'], load: { fun: 'test.ping', tgt: '*' } };
    await storeJob?.(job);
    await storeJob?.(job);
    expect((await admin.query('SELECT * FROM jids')).rows).toEqual([job]);
  });

  test('stores events together, in their order, with the id of the master', async () => {
    const { storeEvents } = await open();
    await storeEvents?.([
      { tag: 'salt/job/1/new', data: { n: 1 } },
      { tag: 'x'.repeat(300), data: { n: 2 } },
    ]);
    expect((await admin.query('SELECT tag, data, master_id FROM salt_events ORDER BY id')).rows).toEqual([
      { tag: 'salt/job/1/new', data: { n: 1 }, master_id: 'salt-master' },
      { tag: 'x'.repeat(255), data: { n: 2 }, master_id: 'salt-master' },
    ]);
  });

  test('stores text that jsonb does not take, with a mark in its place, and takes nothing for SQL', async () => {
    const { store } = await open();
    const text = "a\0b\ud800c\\u0000d\\\0e'; DROP TABLE salt_returns; --";
    await store(storedReturn({ return: { [text]: text } }));
    const mended = "a\ufffdb\ufffdc\\u0000d\\\ufffde'; DROP TABLE salt_returns; --";
    expect((await admin.query("SELECT full_ret -> 'return' AS value FROM salt_returns")).rows).toEqual([
      { value: { [mended]: mended } },
    ]);
  });

  test('stores a return of ten megabytes', async () => {
    const { store } = await open();
    await store(storedReturn({ return: 'x'.repeat(10_000_000) }));
    const { rows } = await admin.query("SELECT length(full_ret ->> 'return') AS length FROM salt_returns");
    expect(rows).toEqual([{ length: 10_000_000 }]);
  });

  test('creates its tables from many processes at once, and leaves those alone that are there', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(many.map(({ store }, index) => store(storedReturn({ id: `m${index}` }))));
    await open();
    expect((await admin.query('SELECT count(*)::int AS count FROM salt_returns')).rows).toEqual([{ count: 8 }]);
  });

  test('says what to do where the tables are missing and it was not told to create them', async () => {
    const { store } = await open({ create_tables: false });
    await expect(store(storedReturn())).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'postgres: salt on 127.0.0.1: relation "salt_returns" does not exist',
      hint: 'create the tables, or set create_tables: True',
    });
  });

  test('says what to do about a wrong password, without telling the right one', async () => {
    await expect(open({ pass: 'wrong' })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'postgres: salt on 127.0.0.1: password authentication failed for user "salt"',
      hint: 'see user and pass',
    });
  });

  test('goes to another database of the same server when a job says so, and to no other server', async () => {
    const returner = await opener()({ returner: 'postgres', ret_kwargs: { db: 'other' } });
    onTestFinished(() => returner.close());
    await returner.store(storedReturn());
    const other = await connectAdmin('other');
    onTestFinished(() => other.end());
    expect((await other.query('SELECT id FROM salt_returns')).rows).toEqual([{ id: 'm1' }]);
    await expect(opener()({ returner: 'postgres', ret_kwargs: { host: 'evil' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('talks over TLS to a server that it can trust, and to no other', async () => {
    const root = await fixtureRoot({ 'ca.pem': certificate.ca });
    const { store } = await open({ sslmode: 'verify-full', sslrootcert: '/ca.pem' }, root);
    await store(storedReturn());
    const { rows } = await admin.query('SELECT count(*)::int AS count FROM pg_stat_ssl WHERE ssl');
    expect(rows).toEqual([{ count: 1 }]);
    await expect(open({ sslmode: 'verify-full' })).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('survives a server that crashes: everything is stored once when it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brine-returners-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const queue = await openReturnerQueue({
      folder,
      open: opener(),
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      bytesMax: 1024 ** 3,
      ageMaxMs: 86_400_000,
      retry: { firstMs: 10, maxMs: 50 },
    });
    onTestFinished(() => queue.stop());
    const ids = Array.from({ length: 60 }, (_, index) => `m${String(index).padStart(2, '0')}`);
    for (const id of ids.slice(0, 20)) await queue.add([{ returner: 'postgres' }], returnDelivery({ id }));
    await server.kill();
    for (const id of ids.slice(20, 40)) await queue.add([{ returner: 'postgres' }], returnDelivery({ id }));
    await expect.poll(() => queue.status()[0]?.state).toBe('retrying');
    expect(queue.status()[0]?.error).toMatch(/^postgres: salt on 127\.0\.0\.1: /);
    await server.start();
    for (const id of ids.slice(40)) await queue.add([{ returner: 'postgres' }], returnDelivery({ id }));
    await queue.drained();
    admin = await connectAdmin('salt');
    const { rows } = await admin.query('SELECT id FROM salt_returns ORDER BY id');
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(queue.status()).toMatchObject([{ state: 'ok', waiting: 0, delivered: 60, dropped: 0 }]);
  });
});
