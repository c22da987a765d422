import { afterEach, beforeEach, expect, test } from 'vitest';
import { findHash } from '../../../../../minion/lib/file/hash_list.ts';
import file from '../../../../../minion/modules/file.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';
import { runFunction } from '../../../../support/run_function.ts';

let machine: FileMachine;
beforeEach(async () => {
  machine = await fileMachine();
});
afterEach(() => machine.remove());

test('file.get_diff shows what two texts differ in', async () => {
  const a = await machine.make('a', 'one\ntwo\n');
  const b = await machine.make('b', 'one\n2\n');
  expect(await machine.call('get_diff', [a, b])).toBe(`--- ${a}\n+++ ${b}\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n`);
  expect(await machine.call('get_diff', [a, b], { show_filenames: false })).toMatch(/^--- \n\+\+\+ \n/);
  expect(await machine.call('get_diff', [a, b], { show_changes: false })).toBe('<show_changes=False>');
  expect(await machine.call('get_diff', [a, a])).toBe('');
});

test('file.get_diff says what is binary, and what is not there', async () => {
  const text = await machine.make('a', 'one\n');
  const binary = await machine.make('b', '\0');
  const other = await machine.make('c', '\0\0');
  expect(await machine.call('get_diff', [text, binary])).toBe('Replace text file with binary file');
  expect(await machine.call('get_diff', [binary, text])).toBe('Replace binary file with text file');
  expect(await machine.call('get_diff', [binary, other])).toBe('Replace binary file');
  await expect(machine.call('get_diff', [text, '/no/such'])).rejects.toThrow('File /no/such was not found');
  await expect(machine.call('get_diff', [text, 'salt://x'])).rejects.toThrow("'cp.cache_file' is not available");
});

test('file.get_diff fetches what is not on the machine, with the checksum of a copy that will do', async () => {
  const here = await machine.make('a', 'one\n');
  const copy = await machine.make('copy', 'two\n');
  const fetched: unknown[] = [];
  const context = fakeContext({
    functions: {
      'cp.cache_file': (args, kwargs) => {
        fetched.push([args, kwargs]);
        return args[0] === 'salt://gone' ? false : copy;
      },
    },
  });
  const call = (...args: unknown[]) => runFunction(context, file, 'file.get_diff', args);
  expect(await call(here, 'salt://two', 'dev')).toContain('-one\n+two\n');
  expect(await call('https://x.test/two', copy, 'base', true, true, false, 'md5=00')).toBe('');
  await expect(call(here, 'salt://gone')).rejects.toThrow('file salt://gone was not found');
  expect(fetched).toEqual([
    [['salt://two', 'dev'], {}],
    [['https://x.test/two', 'base'], { source_hash: 'md5=00' }],
    [['salt://gone', 'base'], {}],
  ]);
});

test('file.get_diff of templates shows nothing where templates are to be obfuscated', async () => {
  const [one, two] = [await machine.make('a', 'one\n'), await machine.make('b', 'two\n')];
  const call = (isObfuscated: boolean, second: string) =>
    runFunction(
      fakeContext({ functions: { 'config.option': () => isObfuscated } }),
      file,
      'file.get_diff',
      [one, second],
      {
        template: true,
      },
    );
  expect(await call(true, two)).toBe('<Obfuscated Template>');
  expect(await call(true, one)).toBe('');
  expect(await call(false, two)).toContain('-one\n+two\n');
});

const [a, b] = ['a'.repeat(64), 'B'.repeat(64)];
const md5 = 'c'.repeat(32);
const list = `# sums\n${a}  dist/one.tar.gz\n${b} *two.tar.gz\nMD5 (one.tar.gz) = ${md5}\n`;
const wanted = { hash_type: 'sha256', file_name: '', source: '' };

test.each<[string, string, Partial<Parameters<typeof findHash>[1]>, string | undefined]>([
  ['by the last part of the source', list, { source: 'https://x.test/v1/two.tar.gz' }, b],
  ['by the name of the file', list, { file_name: '/opt/one.tar.gz' }, a],
  ['by the name that is given for the list', list, { source_hash_name: 'two.tar.gz', file_name: 'one.tar.gz' }, b],
  ['of another type', list, { hash_type: 'md5', file_name: 'one.tar.gz' }, md5],
  ['of the first line when no name is given', list, {}, a],
  ['that stands alone, whatever it is called', `${a}  other\n`, { file_name: '/opt/one' }, a],
  ['that has its type before it', `sha256=${a}\n`, { file_name: '/opt/one' }, a],
  ['of no file that is listed', list, { file_name: 'three' }, undefined],
  ['of a type that is not listed', list, { hash_type: 'sha1' }, undefined],
])('a checksum is found %s', (_how, text, how, digits) => {
  expect(findHash(text, { ...wanted, ...how })?.hsum).toBe(digits);
});

test('file.extract_hash reads a list of checksums', async () => {
  const path = await machine.make('sums', list);
  expect(await machine.call('extract_hash', [path, 'sha256', '/opt/two.tar.gz'])).toEqual({
    hsum: b,
    hash_type: 'sha256',
  });
  expect(await machine.call('extract_hash', [path, 'sha512'])).toBeNull();
});
