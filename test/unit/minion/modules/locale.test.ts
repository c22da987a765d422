import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { normalLocale, splitLocale } from '../../../../minion/lib/locale/locale_name.ts';
import locale from '../../../../minion/modules/locale.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const debian = { os: 'Debian', os_family: 'Debian' };

async function machine(
  files: Record<string, string>,
  commands: Parameters<typeof fakeExec>[0] = {},
  grains: Record<string, unknown> = debian,
) {
  const root = await fixtureRoot({ 'etc/': '', ...files });
  const context = fakeContext({ root, exec: fakeExec(commands), grains: { ...grains, path: join(root, 'sbin') } });
  return {
    context,
    run: (fun: string, args: unknown[] = [], kwargs = {}) =>
      runFunction(context, locale, `locale.${fun}`, args, kwargs),
    read: (file: string) => readFile(join(root, file), 'utf8'),
  };
}

test('a locale has parts, and is the same however its character set is written', () => {
  expect(splitLocale('ca_ES.UTF-8@valencia UTF-8')).toEqual({
    ...{ language: 'ca', territory: 'ES', codeset: 'UTF-8', modifier: 'valencia', charmap: 'UTF-8' },
  });
  expect(['en_us.UTF-8', 'de_DE@euro', 'C', 'de_DE.ISO-8859-1 ISO-8859-1'].map(normalLocale)).toEqual([
    ...['en_US.utf8', 'de_DE@euro', 'C', 'de_DE.iso88591'],
  ]);
});

test('compiled locales are listed and looked for', async () => {
  const { run } = await machine({}, { 'locale -a': 'C\nC.utf8\nen_US.utf8\nPOSIX\n' });
  expect(await run('list_avail')).toEqual(['C', 'C.utf8', 'en_US.utf8', 'POSIX']);
  expect([await run('avail', ['en_US.UTF-8']), await run('avail', ['de_DE.UTF-8'])]).toEqual([true, false]);
});

test('the locale of the system is read from the file of its family', async () => {
  const read = async (files: Record<string, string>, grains?: Record<string, unknown>) =>
    (await machine(files, {}, grains)).run('get_locale');
  expect(await read({ 'etc/default/locale': '# x\nLANG="de_DE.UTF-8"\n' })).toBe('de_DE.UTF-8');
  expect(await read({ 'etc/locale.conf': 'LC_TIME=C\nLANG=fr_FR.UTF-8\n' })).toBe('fr_FR.UTF-8');
  expect(await read({ 'etc/sysconfig/language': "RC_LANG='cs_CZ.UTF-8'\n" }, { os_family: 'Suse' })).toBe(
    'cs_CZ.UTF-8',
  );
  expect(await read({ 'etc/locale.conf': 'LANG=C.UTF-8\n' }, { os_family: 'Arch' })).toBe('C.UTF-8');
  expect(await read({})).toBe('');
});

test('without systemd the line is changed and all others stay', async () => {
  const { run, read } = await machine({ 'etc/default/locale': '# file\nLANG=C\nLC_TIME=C\n' });
  expect(await run('set_locale', ['en_US.UTF-8'])).toBe(true);
  expect(await read('etc/default/locale')).toBe('# file\nLANG="en_US.UTF-8"\nLC_TIME=C\n');
  const arch = await machine({}, {}, { os_family: 'Arch' });
  await arch.run('set_locale', ['en_US.UTF-8']);
  expect(await arch.read('etc/locale.conf')).toBe('LANG="en_US.UTF-8"\n');
});

test('systemd is told all settings, since it forgets the others', async () => {
  const files = {
    'run/systemd/system/': '',
    'usr/bin/localectl': '#!/bin/sh\n',
    'etc/default/locale': 'LANG=C\nLC_TIME=de_DE.UTF-8\n',
  };
  const { run } = await machine(files, {
    'localectl set-locale LANG=en_US.UTF-8 LC_TIME=de_DE.UTF-8': '',
    'localectl set-locale LANG=xx_XX LC_TIME=de_DE.UTF-8': { retcode: 1, stderr: 'Failed to issue method call\n' },
  });
  expect(await run('set_locale', ['en_US.UTF-8'])).toBe(true);
  await expect(run('set_locale', ['xx_XX'])).rejects.toThrow('localectl failed: Failed to issue method call');
  await expect(run('set_locale', ['$(reboot)'])).rejects.toThrow('must be a locale such as');
});

const sources = {
  'usr/share/i18n/SUPPORTED': 'en_US.UTF-8 UTF-8\nen_US ISO-8859-1\n',
  'etc/locale.gen': '# all\n# en_US.UTF-8 UTF-8\n# en_US ISO-8859-1\n',
  'sbin/locale-gen': '#!/bin/sh\n',
};

test('a locale that Debian can make is listed and made', async () => {
  const { run, read } = await machine(sources, { 'locale-gen en_US.UTF-8 UTF-8': 'Generating locales\n' });
  expect(await run('gen_locale', ['en_US.UTF-8'])).toBe(true);
  expect(await read('etc/locale.gen')).toBe('# all\nen_US.UTF-8 UTF-8\n# en_US ISO-8859-1\n');
  expect(await run('gen_locale', ['en_US.UTF-8 UTF-8'], { verbose: true })).toEqual({
    ...{ pid: 4321, retcode: 0, stdout: 'Generating locales\n', stderr: '' },
  });
  expect(await read('etc/locale.gen')).toBe('# all\nen_US.UTF-8 UTF-8\n# en_US ISO-8859-1\n');
});

test('a locale without sources is not made, and a missing package is told', async () => {
  const { run, read } = await machine(sources);
  expect(await run('gen_locale', ['xx_XX.UTF-8'])).toBe(false);
  expect(await read('etc/locale.gen')).toBe(sources['etc/locale.gen']);
  await expect((await machine({})).run('gen_locale', ['en_US.UTF-8'])).rejects.toThrow('there is no /usr/share/i18n');
});

test('elsewhere localedef makes it, and a failure is a return code', async () => {
  const files = { 'usr/share/i18n/locales/de_DE': '', 'sbin/localedef': '#!/bin/sh\n' };
  const command = 'localedef --force -i de_DE -f UTF-8 de_DE.UTF-8 --quiet';
  const { run, context } = await machine(files, { [command]: { retcode: 4 } }, { os: 'Fedora', os_family: 'RedHat' });
  expect(await run('gen_locale', ['de_DE.UTF-8'])).toBe(false);
  expect(context.retcodes).toEqual([4]);
  const bare = await machine({ 'usr/share/i18n/locales/de_DE': '' }, {}, { os_family: 'RedHat' });
  await expect(bare.run('gen_locale', ['de_DE.UTF-8'])).rejects.toThrow('"locale-gen" or "localedef" was not found');
});

test('Ubuntu makes it by its plain name', async () => {
  const files = { ...sources, 'usr/share/i18n/locales/en_US': '' };
  const { run, read } = await machine(files, { 'locale-gen en_US.utf8': '' }, { os: 'Ubuntu', os_family: 'Debian' });
  expect(await run('gen_locale', ['en_US.UTF-8'])).toBe(true);
  expect(await read('etc/locale.gen')).toContain('\nen_US.UTF-8 UTF-8\n');
});
