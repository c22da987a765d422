import { describe, expect, test } from 'vitest';
import pkg from '../../../../minion/modules/pkg.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const DEBIAN = { 'usr/bin/apt-get': '#!', 'var/lib/dpkg/status': '' };
/** checkrestart of debian-goodies 0.88.1 after a package with a running service was upgraded. */
const CHECKRESTART = 'PROCESSES: 1\nPROGRAMS: 1\nPACKAGES: 1\nSERVICE:brine-demo,26335,/usr/sbin/brine-demod\n';

async function machine(files: Record<string, string>, answers: Record<string, FakeCommand> = {}) {
  const root = await fixtureRoot(files);
  const commands = Object.fromEntries(
    Object.entries(answers).map(([line, answer]) => [line.replace('<root>', root), answer]),
  );
  const context = fakeContext({ root, exec: fakeExec(commands), grains: { osarch: 'x86_64' } });
  return (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
}

describe('services_need_restart', () => {
  test('asks checkrestart on Debian, and says where to get it', async () => {
    const files = { ...DEBIAN, 'usr/sbin/checkrestart': '#!' };
    const twice = `${CHECKRESTART}SERVICE:brine-demo,7,/x\nSERVICE:atd,8,/x\nOTHER:bash,9,/bin/bash\n`;
    const run = await machine(files, { 'checkrestart --machine --package': twice });
    expect(await run('services_need_restart')).toEqual(['atd', 'brine-demo']);
    await expect((await machine(DEBIAN))('services_need_restart')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      hint: 'install debian-goodies, which has it',
    });
  });

  test.each([
    ['dnf', 0],
    ['dnf5', 1],
  ])('asks %s for units of systemd', async (program, retcode) => {
    const stdout = 'sshd.service\ncrond.service\nsession-1.scope\n';
    const answers = { [`${program} --quiet needs-restarting --services`]: { retcode, stdout } };
    const files = { [`usr/bin/${program}`]: '#!' };
    const run = await machine({ ...files, 'run/systemd/system/': '' }, answers);
    expect(await run('services_need_restart')).toEqual(['crond', 'sshd']);
    await expect((await machine(files))('services_need_restart')).rejects.toThrow('systemd is required');
  });

  test('is refused by yum, and by dnf in its own words', async () => {
    const yum = await machine({ 'usr/bin/yum': '#!' });
    await expect(yum('services_need_restart')).rejects.toThrow('dnf is required to list outdated services');
    // dnf5 5.4.6.0 without a bus.
    const stderr = "Couldn't connect to D-Bus: [org.freedesktop.DBus.Error.FileNotFound] Failed to open bus\n";
    const files = { 'usr/bin/dnf5': '#!', 'run/systemd/system/': '' };
    const dnf5 = await machine(files, { 'dnf5 --quiet needs-restarting --services': { retcode: 1, stderr } });
    await expect(dnf5('services_need_restart')).rejects.toThrow("Couldn't connect to D-Bus");
  });

  test('asks zypper for names alone', async () => {
    const line = 'zypper --non-interactive --no-refresh ps -sss';
    const run = await machine({ 'usr/bin/zypper': '#!' }, { [line]: { retcode: 102, stdout: 'sshd\ncron\n' } });
    expect(await run('services_need_restart')).toEqual(['cron', 'sshd']);
    // zypper 1.14.101.
    const failure = { retcode: 4, stderr: "Check failed:\nPlease install package 'lsof' first.\n" };
    const without = await machine({ 'usr/bin/zypper': '#!' }, { [line]: failure });
    await expect(without('services_need_restart')).rejects.toThrow("Please install package 'lsof' first.");
  });
});

describe('list_downloaded', () => {
  const query = String.raw`rpm -qp --queryformat %{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n --`;

  test.each([
    ['dnf', 'var/cache/dnf/own-1/packages'],
    ['dnf5', 'var/cache/libdnf5/own-1/packages'],
    ['yum', 'var/cache/yum/x86_64/7/own/packages'],
    ['zypper', 'var/cache/zypp/packages/own/noarch'],
  ])('finds the packages of %s in their cache', async (program, folder) => {
    const files = { [`${folder}/demo.rpm`]: '12345', [`${folder}/broken.rpm`]: '', [`${folder}/x.solv`]: '' };
    const run = await machine(
      { [`usr/bin/${program}`]: '#!', ...files },
      {
        [`${query} /${folder}/demo.rpm`]: 'demo\t2\t1.0\t3\tnoarch\n',
        [`${query} /${folder}/broken.rpm`]: { retcode: 1, stderr: 'error: not an rpm package\n' },
      },
    );
    const found = (await run('list_downloaded')) as Record<string, Record<string, Record<string, unknown>>>;
    const time = found.demo?.['2:1.0-3']?.creation_date_time_t;
    expect(found).toEqual({
      demo: {
        '2:1.0-3': {
          path: `/${folder}/demo.rpm`,
          size: 5,
          creation_date_time_t: expect.any(Number),
          creation_date_time: new Date(Number(time) * 1000).toISOString().slice(0, 19),
        },
      },
    });
  });

  test('looks below another root, and is refused where nothing is kept', async () => {
    const path = '/mnt/var/cache/apt/archives/demo_1%3a1.0_all.deb';
    const run = await machine(
      { ...DEBIAN, [path.slice(1)]: '1' },
      { [`dpkg-deb --field ${path} Package Version`]: 'Package: demo\nVersion: 1:1.0\n' },
    );
    expect(await run('list_downloaded')).toEqual({});
    expect(await run('list_downloaded', [], { root: '/mnt' })).toMatchObject({ demo: { '1:1.0': { path, size: 1 } } });
    await expect((await machine({ 'sbin/apk': '#!' }))('list_downloaded')).rejects.toThrow('apk keeps no account here');
  });
});

describe('show', () => {
  const TEXT = `Package: demo
Version: 1.0-1
Tag: a::b,
 c::d
Description-en: Nothing at all
 Note: is no field.

Package: demo
Version: 1.0-2
Provides: demo-api

`;
  const answers = { 'apt-cache -q show -- demo': TEXT, 'apt-get -q update': 'Hit:1 http://x stable InRelease\n' };

  test('gives what apt-cache says by name and version', async () => {
    const run = await machine(DEBIAN, answers);
    expect(await run('show', ['demo'])).toEqual({
      demo: { '1.0-1': { Tag: 'a::b,', 'Description-en': 'Nothing at all' }, '1.0-2': { Provides: 'demo-api' } },
    });
    expect(await run('show', ['demo'], { filter: 'provides, TAG', refresh: true })).toEqual({
      demo: { '1.0-1': { Tag: 'a::b,' }, '1.0-2': { Provides: 'demo-api' } },
    });
    expect(await run('show')).toEqual({});
    await expect(run('show', ['demo'], { filters: 'x' })).rejects.toThrow('filters=');
  });
});
