import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Autosign,
  type AutosignOptions,
  matchesAny,
  matchesGrain,
  openAutosign,
  parseRules,
} from '../../../../master/keys/autosign.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { createLogger } from '../../../../shared/log.ts';

let root: string;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brine-autosign-'));
  warnings = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

function open(options: Partial<AutosignOptions> = {}): Promise<Autosign> {
  const sink = { level: 'warning', format: 'text', write: (line: string) => void warnings.push(line) } as const;
  return openAutosign({
    pkiDir: root,
    autoAccept: false,
    autosignFile: '',
    autorejectFile: '',
    autosignGrainsDir: '',
    autosignTimeoutMinutes: 120,
    trustedGroups: [],
    clock: systemClock,
    log: createLogger([sink], () => 0),
    ...options,
  });
}

async function put(name: string, content: string, mode = 0o644): Promise<string> {
  const path = join(root, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

test.each([
  ['web1', 'web1', true],
  ['web1', 'web10', false],
  ['web*', 'web10', true],
  ['web?', 'web10', false],
  ['web[0-9]', 'web7', true],
  ['web\\d+', 'web10', true],
  ['^web\\d+$', 'web10', true],
  ['web\\d+', 'xweb10', false],
  ['web\\d+', 'web10x', false],
  ['a|b', 'b', true],
  ['a|b', 'bc', false],
  ['db.example', 'db.example', true],
  ['db.example', 'db-example', false],
  ['db.*', 'db7', true],
  ['# web1', 'web1', false],
  ['  web1  ', 'web1', true],
  ['', 'web1', false],
  ['web1\nweb2', 'web2', true],
  ['web1\r\nweb2\r\n', 'web1', true],
])('the lines %j and the id %j: %s', (text, id, expected) => {
  expect(
    matchesAny(
      parseRules(text, () => {}),
      id,
    ),
  ).toBe(expected);
});

test('a line that is neither a glob nor an expression is told, and the others count', () => {
  const unreadable: string[] = [];
  const rules = parseRules('web(\n*.example\nweb1', (line) => unreadable.push(line));
  expect(unreadable).toEqual(['web(']);
  expect(matchesAny(rules, 'web1')).toBe(true);
  expect(matchesAny(rules, 'a.example')).toBe(true);
});

test('an expression that would take exponential time elsewhere takes none here', () => {
  const rules = parseRules('(a+)+b', () => {});
  const startMs = performance.now();
  expect(matchesAny(rules, 'a'.repeat(60))).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(500);
});

test.each([
  ['8f7d\n1d3c', '1d3c', true],
  ['8f7d', '8f7', false],
  ['# 8f7d', '# 8f7d', false],
  ['\n', '', false],
  ['7', 7, true],
  ['True', true, true],
  ['true', true, false],
  ['[object Object]', {}, false],
  ['None', null, false],
])('the grain file %j and the value %j: %s', (text, value, expected) => {
  expect(matchesGrain(text, value)).toBe(expected);
});

test('without rules nothing is accepted or rejected', async () => {
  const autosign = await open();
  expect(await autosign.accepts('m1', { uuid: '8f7d' })).toBe(false);
  expect(await autosign.rejects('m1')).toBe(false);
});

test('auto_accept accepts everybody', async () => {
  expect(await (await open({ autoAccept: true })).accepts('m1', {})).toBe(true);
});

test('a changed file is read again', async () => {
  const autosign = await open({ autosignFile: await put('sign', 'web1'), autorejectFile: join(root, 'reject') });
  expect(await autosign.accepts('web1', {})).toBe(true);
  await put('sign', 'web22');
  expect(await autosign.accepts('web1', {})).toBe(false);
  expect(await autosign.accepts('web22', {})).toBe(true);
  expect(await autosign.rejects('bad1')).toBe(false);
  await put('reject', 'bad*');
  expect(await autosign.rejects('bad1')).toBe(true);
});

test.each([
  [0o644, false, true],
  [0o600, false, true],
  [0o664, false, false],
  [0o664, true, true],
  [0o646, true, false],
])('a file of mode %o, its group trusted: %s, counts: %s', async (mode, isGroupTrusted, expected) => {
  const autosignFile = await put('sign', 'm1', mode);
  const trustedGroups = isGroupTrusted ? [(await stat(autosignFile)).gid] : [];
  expect(await (await open({ autosignFile, trustedGroups })).accepts('m1', {})).toBe(expected);
  expect(warnings).toHaveLength(expected ? 0 : 1);
});

test('a grain is compared with the file of its name', async () => {
  const autosignGrainsDir = join(root, 'grains');
  await mkdir(autosignGrainsDir);
  await put('grains/uuid', '8f7d\n');
  await put('grains/open', 'x', 0o666);
  await put('secret', 'x');
  const autosign = await open({ autosignGrainsDir });
  expect(await autosign.accepts('m1', { uuid: '8f7d' })).toBe(true);
  expect(await autosign.accepts('m1', { uuid: '1d3c' })).toBe(false);
  expect(await autosign.accepts('m1', { open: 'x' })).toBe(false);
  expect(await autosign.accepts('m1', { '../secret': 'x' })).toBe(false);
  expect(await autosign.accepts('m1', {})).toBe(false);
});

test('a file that is not there is told at once, and again when it was there in between', async () => {
  const autosignFile = join(root, 'sign');
  const autosign = await open({ autosignFile });
  expect(warnings).toEqual([expect.stringContaining(`a file of rules for keys is not there path=${autosignFile}`)]);
  expect(await autosign.accepts('m1', {})).toBe(false);
  expect(warnings).toHaveLength(1);
  await put('sign', 'm1');
  expect(await autosign.accepts('m1', {})).toBe(true);
  await rm(autosignFile);
  expect(await autosign.accepts('m1', {})).toBe(false);
  expect(await autosign.accepts('m1', {})).toBe(false);
  expect(warnings).toHaveLength(2);
});

test('a directory of grains that is not there is told at once, and accepts nobody', async () => {
  const autosignGrainsDir = join(root, 'none');
  const autosign = await open({ autosignGrainsDir });
  expect(await autosign.accepts('m1', { a: 1 })).toBe(false);
  expect(warnings).toEqual([
    expect.stringMatching(/autosign_grains_dir cannot be read: .* reason=there is no such file or directory/),
  ]);
});

test('a file in minions_autosign accepts its id once', async () => {
  await mkdir(join(root, 'minions_autosign'));
  await put('minions_autosign/m1', '');
  const autosign = await open();
  expect(await autosign.accepts('m2', {})).toBe(false);
  expect(await autosign.accepts('../minions_autosign/m1', {})).toBe(false);
  expect(await autosign.accepts('m1', {})).toBe(true);
  expect(await autosign.accepts('m1', {})).toBe(false);
});

test('a file in minions_autosign that is too old is removed and accepts nobody', async () => {
  await mkdir(join(root, 'minions_autosign'));
  const path = await put('minions_autosign/m1', '');
  const old = Date.now() / 1000 - 7201;
  await utimes(path, old, old);
  expect(await (await open()).accepts('m1', {})).toBe(false);
  expect(await readdir(join(root, 'minions_autosign'))).toEqual([]);
  await put('minions_autosign/m1', '');
  await utimes(path, old, old);
  expect(await (await open({ autosignTimeoutMinutes: 0 })).accepts('m1', {})).toBe(true);
});
