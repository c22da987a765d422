import { appendFile, chmod, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import btmp from '../../../../minion/beacons/btmp.ts';
import inotify from '../../../../minion/beacons/inotify.ts';
import log from '../../../../minion/beacons/log.ts';
import watchdog from '../../../../minion/beacons/watchdog.ts';
import wtmp from '../../../../minion/beacons/wtmp.ts';
import { parseLoginRecord, recordBytes } from '../../../../minion/lib/beacon/login_records.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { type WatchedBeacon, watchBeacon, watchFromFirstLook } from '../../../support/watch_beacon.ts';

const dataOf = (events: readonly { data: Readonly<Record<string, unknown>> }[]) => events.map(({ data }) => data);

describe('inotify', () => {
  const start = async (
    options: Readonly<Record<string, unknown>> | null,
    more: readonly Record<string, unknown>[] = [],
  ) => {
    const root = await fixtureRoot({ 'etc/app/old': 'x', 'etc/app/sub/deep': 'x', 'etc/other': 'x' });
    const beacon = await watchFromFirstLook(inotify, [{ files: { '/etc/app': options } }, ...more], { root });
    return { root, beacon, app: (name: string) => join(root, 'etc/app', name) };
  };
  /** Waits until a change of a path was told; all that was told so far, as `<change> <path>`. */
  const told = async (beacon: WatchedBeacon, change: string, path: string) => {
    await beacon.events.waitFor(({ data }) => data.change === change && data.path === path);
    return beacon.events.all.map(({ data }) => `${data.change} ${data.path}`);
  };

  test('tells what is made, changed and deleted, with the folder as the tag', async () => {
    const { beacon, app } = await start(null);
    await writeFile(app('new'), 'one');
    await told(beacon, 'IN_CREATE', '/etc/app/new');
    await appendFile(app('old'), 'two');
    await told(beacon, 'IN_MODIFY', '/etc/app/old');
    await rm(app('new'));
    await told(beacon, 'IN_DELETE', '/etc/app/new');
    await mkdir(app('folder'));
    await told(beacon, 'IN_CREATE|IN_ISDIR', '/etc/app/folder');
    expect(new Set(beacon.events.all.map(({ tag }) => tag))).toEqual(new Set(['/etc/app']));
  });

  test('tells only what the mask has: attributes, and both names of a move', async () => {
    const { beacon, app } = await start({ mask: ['attrib', 'moved_from', 'moved_to'] });
    await writeFile(app('new'), 'one');
    await chmod(app('old'), 0o600);
    await told(beacon, 'IN_ATTRIB', '/etc/app/old');
    await rename(app('old'), app('renamed'));
    expect(await told(beacon, 'IN_MOVED_TO', '/etc/app/renamed')).toEqual([
      'IN_ATTRIB /etc/app/old',
      'IN_MOVED_FROM /etc/app/old',
      'IN_MOVED_TO /etc/app/renamed',
    ]);
  });

  test('tells a file that took the place of another as modified, which is how editors write', async () => {
    const { beacon, root, app } = await start(null);
    await rename(join(root, 'etc/other'), app('old'));
    expect(await told(beacon, 'IN_MODIFY', '/etc/app/old')).toEqual(['IN_MODIFY /etc/app/old']);
  });

  test('looks into folders with recurse, and into those that are made later with auto_add', async () => {
    const { beacon, app } = await start({ recurse: true, auto_add: true });
    await appendFile(app('sub/deep'), 'y');
    await told(beacon, 'IN_MODIFY', '/etc/app/sub/deep');
    await mkdir(app('later/still'), { recursive: true });
    await writeFile(app('later/still/file'), 'z');
    await told(beacon, 'IN_CREATE', '/etc/app/later/still/file');
    expect(beacon.events.all.at(-1)?.tag).toBe('/etc/app/later/still');
  });

  test('leaves out what is excluded: by path, by glob, by pattern', async () => {
    const exclude = ['/etc/app/sub', '*.swp', { '/x[0-9]+$': { regex: true } }];
    const { beacon, app } = await start({ recurse: true, exclude });
    for (const name of ['sub/deep', 'a.swp', 'x12', 'last']) await writeFile(app(name), 'y');
    expect(await told(beacon, 'IN_CREATE', '/etc/app/last')).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/deep|swp|x12/)]),
    );
  });

  test('watches a single file through its replacement, and one that comes into being later', async () => {
    const root = await fixtureRoot({ 'etc/': '' });
    const items = [{ files: { '/etc/hosts': { mask: ['create', 'modify', 'delete'] }, '/later/folder': null } }];
    const beacon = await watchFromFirstLook(inotify, items, { root });
    await writeFile(join(root, 'etc/unrelated'), 'x');
    await writeFile(join(root, 'etc/hosts'), 'a');
    await told(beacon, 'IN_CREATE', '/etc/hosts');
    await writeFile(join(root, 'etc/hosts.new'), 'b');
    await rename(join(root, 'etc/hosts.new'), join(root, 'etc/hosts'));
    await told(beacon, 'IN_MODIFY', '/etc/hosts');
    await rm(join(root, 'etc/hosts'));
    await told(beacon, 'IN_DELETE', '/etc/hosts');
    expect(new Set(dataOf(beacon.events.all).map(({ path }) => path))).toEqual(new Set(['/etc/hosts']));
    await mkdir(join(root, 'later/folder'), { recursive: true });
    await beacon.tick();
    await writeFile(join(root, 'later/folder/file'), 'x');
    await told(beacon, 'IN_CREATE', '/later/folder/file');
  });

  test('tells that the folder itself is gone, and watches the next one of its name', async () => {
    const { beacon, root, app } = await start({ mask: ['delete_self', 'create'] });
    await rm(join(root, 'etc/app'), { recursive: true });
    await told(beacon, 'IN_DELETE_SELF|IN_ISDIR', '/etc/app');
    await mkdir(join(root, 'etc/app'));
    await beacon.tick();
    await writeFile(app('again'), 'x');
    await told(beacon, 'IN_CREATE', '/etc/app/again');
  });

  test('tells equal events of one interval once with coalesce', async () => {
    const { beacon, app } = await start({ mask: ['modify'] }, [{ coalesce: true }]);
    const other = await watchFromFirstLook(inotify, [{ files: { '/etc/app': null } }], { root: beacon.context.root });
    for (let count = 1; count <= 3; count++) {
      await appendFile(app('old'), 'x');
      await other.events.waitForCount(count);
    }
    await appendFile(app('sub/../old'), 'last');
    let events = await beacon.tick();
    while (events.length === 0) events = await beacon.tick();
    expect(dataOf(events)).toEqual([{ path: '/etc/app/old', change: 'IN_MODIFY' }]);
  });

  test('takes a file that is not written to for half a second for closed', async () => {
    const clock = fakeClock();
    const root = await fixtureRoot({ 'etc/old': 'x' });
    const items = [{ files: { '/etc': { mask: ['modify', 'close_write'] } } }];
    const beacon = await watchFromFirstLook(inotify, items, { root, clock });
    await appendFile(join(root, 'etc/old'), 'y');
    await told(beacon, 'IN_MODIFY', '/etc/old');
    clock.advance(400);
    expect(beacon.events.all.some(({ data }) => data.change === 'IN_CLOSE_WRITE')).toBe(false);
    clock.advance(200);
    await told(beacon, 'IN_CLOSE_WRITE', '/etc/old');
  });

  test('says which kinds cannot be told', async () => {
    await expect(watchBeacon(inotify, [{ files: { '/etc': { mask: ['open'] } } }])).rejects.toThrow(
      'files./etc.mask.0: must be one of attrib, close_write, create',
    );
  });
});

test('watchdog tells in its own words', async () => {
  const root = await fixtureRoot({ 'srv/old': 'x' });
  const items = [{ directories: { '/srv': { mask: ['create', 'modify', 'move'] } } }];
  const beacon = await watchFromFirstLook(watchdog, items, { root });
  await appendFile(join(root, 'srv/old'), 'y');
  await beacon.events.waitForCount(1);
  await rename(join(root, 'srv/old'), join(root, 'srv/new'));
  await beacon.events.waitFor(({ data }) => data.change === 'moved');
  await rm(join(root, 'srv/new'));
  expect(beacon.events.all.slice(0, 2)).toEqual([
    { tag: 'watchdog', data: { path: '/srv/old', change: 'modified' } },
    { tag: 'watchdog', data: { path: '/srv/old', change: 'moved' } },
  ]);
});

describe('log', () => {
  const tags = { 'sshd/failed': { regex: '.*Failed password' }, error: { regex: 'ERROR' } };
  const start = async () => {
    const root = await fixtureRoot({ 'var/log/messages': 'ERROR before the start\n' });
    const file = join(root, 'var/log/messages');
    const beacon = await watchFromFirstLook(log, [{ file: '/var/log/messages' }, { tags }], { root });
    const raws = async () => (await beacon.tick()).map(({ data }) => data.raw);
    return { file, beacon, raws };
  };

  test('tells new lines that match from their start, with the tag of the pattern', async () => {
    const { file, beacon } = await start();
    expect(beacon.first).toEqual([]);
    await appendFile(file, 'ok\nERROR one\nno ERROR\nsshd: Failed password for root\n');
    expect(await beacon.tick()).toEqual([
      { tag: 'error', data: { raw: 'ERROR one', match: 'yes', error: '' } },
      { tag: 'sshd/failed', data: { raw: 'sshd: Failed password for root', match: 'yes', error: '' } },
    ]);
    expect(await beacon.tick()).toEqual([]);
  });

  test('waits for the end of a line', async () => {
    const { file, raws } = await start();
    await appendFile(file, 'ERR');
    expect(await raws()).toEqual([]);
    await appendFile(file, 'OR in two p\u00e4');
    expect(await raws()).toEqual([]);
    await appendFile(file, 'rts\n');
    expect(await raws()).toEqual(['ERROR in two p\u00e4rts']);
  });

  test('loses nothing when the file is renamed and made anew, also what is written to the old one meanwhile', async () => {
    const { file, raws } = await start();
    await appendFile(file, 'ERROR 1\n');
    await rename(file, `${file}.1`);
    await appendFile(`${file}.1`, 'ERROR 2\n');
    await writeFile(file, 'ERROR 4\n');
    expect(await raws()).toEqual(['ERROR 1', 'ERROR 2']);
    await appendFile(`${file}.1`, 'ERROR 3\n');
    await appendFile(file, 'ERROR 5\n');
    expect(await raws()).toEqual(['ERROR 3', 'ERROR 4', 'ERROR 5']);
    await appendFile(file, 'ERROR 6\n');
    expect(await raws()).toEqual(['ERROR 6']);
  });

  test('begins again when the file is cut', async () => {
    const { file, raws } = await start();
    await appendFile(file, 'ERROR 1\n');
    expect(await raws()).toEqual(['ERROR 1']);
    await truncate(file);
    await appendFile(file, 'ERROR 2\n');
    expect(await raws()).toEqual(['ERROR 2']);
  });

  test('reads a file that comes into being later from its start', async () => {
    const root = await fixtureRoot({});
    const beacon = await watchFromFirstLook(log, [{ file: '/late.log' }, { tags }], { root });
    await writeFile(join(root, 'late.log'), 'ERROR first\n');
    expect(dataOf(await beacon.tick())).toMatchObject([{ raw: 'ERROR first' }]);
  });

  test('refuses a pattern that cannot be read when it is configured', async () => {
    const items = [{ file: '/x' }, { tags: { a: { regex: '(' } } }];
    await expect(watchBeacon(log, items)).rejects.toThrow("tags.a.regex: regular expression '(' cannot be read");
  });
});

describe('wtmp and btmp', () => {
  /** A record as the C library of this machine writes it. */
  function record(type: number, user: string, line = 'pts/1', host = '192.0.2.9'): Buffer {
    const bytes = Buffer.alloc(384);
    bytes.writeInt16LE(type, 0);
    bytes.writeInt32LE(4242, 4);
    bytes.write(line, 8);
    bytes.write('ts/1', 40);
    bytes.write(user, 44);
    bytes.write(host, 76);
    bytes.writeInt32LE(7, 336);
    bytes.writeInt32LE(1_767_225_600, 340);
    Buffer.from([192, 0, 2, 9]).copy(bytes, 348);
    return bytes;
  }
  const start = async (spec: typeof wtmp, file: string, items: readonly Record<string, unknown>[], nowMs?: number) => {
    const root = await fixtureRoot({
      'var/log/wtmp': 'x'.repeat(384),
      'var/log/btmp': '',
      'etc/passwd': 'amy:x:1000:100::/:/bin/sh\nbob:x:1001:200::/:/bin/sh\n',
      'etc/group': 'users:x:100:\nadmins:x:300:bob\n',
    });
    const clock = fakeClock(nowMs);
    const beacon = await watchFromFirstLook(spec, items, { root, clock });
    const log = async (...records: Buffer[]) => {
      await appendFile(join(root, file), Buffer.concat(records));
      return dataOf(await beacon.tick());
    };
    return { beacon, log };
  };

  test('wtmp tells who logs in, and who it was that logs out', async () => {
    const { beacon, log } = await start(wtmp, 'var/log/wtmp', []);
    expect(beacon.first).toEqual([]);
    const [login, logout] = await log(record(7, 'amy'), record(8, ''));
    expect(login).toEqual({
      type: 7,
      PID: 4242,
      line: 'pts/1',
      inittab: 'ts/1',
      user: 'amy',
      hostname: '192.0.2.9',
      exit_status: 0,
      session: 7,
      time: 1_767_225_600,
      addr: '192.0.2.9',
      action: 'login',
    });
    expect(logout).toMatchObject({ user: 'amy', action: 'logout' });
  });

  test('reads the wide records of aarch64', () => {
    const bytes = Buffer.alloc(400);
    record(7, 'amy').copy(bytes, 0, 0, 336);
    bytes.writeBigInt64LE(7n, 336);
    bytes.writeBigInt64LE(1_767_225_600n, 344);
    Buffer.from('20010db8000000000000000000000001', 'hex').copy(bytes, 360);
    expect(recordBytes('aarch64')).toBe(400);
    expect(parseLoginRecord(bytes)).toMatchObject({
      user: 'amy',
      session: 7,
      time: 1_767_225_600,
      addr: '2001:db8:0:0:0:0:0:1',
    });
  });

  test('takes a record that is written in two parts', async () => {
    const { log } = await start(btmp, 'var/log/btmp', []);
    const whole = record(6, 'mallory');
    expect(await log(whole.subarray(0, 100))).toEqual([]);
    expect(await log(whole.subarray(100))).toMatchObject([{ user: 'mallory', type: 6 }]);
  });

  test('tells only users and groups that are configured', async () => {
    const items = [{ users: { mallory: null } }, { groups: { users: null, admins: null } }];
    const { log } = await start(btmp, 'var/log/btmp', items);
    const users = ['mallory', 'amy', 'bob', 'carol'];
    const told = await log(...users.map((user) => record(6, user)));
    expect(told.map(({ user }) => user)).toEqual(['mallory', 'amy', 'bob']);
  });

  test.each([
    [9, ['amy', 'bob']],
    [16, ['amy']],
    [23, []],
  ])('at %i o’clock tells whose time it is', async (hour, expected) => {
    const items = [
      { users: { amy: { time_range: { start: '8:30am', end: '4:30pm' } }, bob: null } },
      { defaults: { time_range: { start: '08:00', end: '12:00' } } },
    ];
    const { log } = await start(btmp, 'var/log/btmp', items, new Date(2026, 0, 1, hour).getTime());
    expect((await log(record(6, 'amy'), record(6, 'bob'))).map(({ user }) => user)).toEqual(expected);
  });

  test('a range may go over midnight', async () => {
    const items = [{ defaults: { time_range: { start: '10pm', end: '6am' } } }];
    const night = await start(btmp, 'var/log/btmp', items, new Date(2026, 0, 1, 2).getTime());
    const noon = await start(btmp, 'var/log/btmp', items, new Date(2026, 0, 1, 12).getTime());
    expect([await night.log(record(6, 'a')), await noon.log(record(6, 'a'))].map(({ length }) => length)).toEqual([
      1, 0,
    ]);
  });

  test('says what a time of the day is', async () => {
    const items = [{ defaults: { time_range: { start: 'morning', end: '6am' } } }];
    await expect(watchBeacon({ ...btmp, unavailable: () => undefined }, items)).rejects.toThrow(
      'defaults.time_range.start: must be a time of the day such as 8am',
    );
  });
});
