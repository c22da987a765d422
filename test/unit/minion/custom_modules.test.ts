import { chmod, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCatalogue, findFunction } from '../../../minion/catalogue.ts';
import type { MinionContext } from '../../../minion/context.ts';
import { createExec } from '../../../minion/lib/exec.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { callFunction, type ModuleSpec } from '../../../shared/plugin/function.ts';
import type { PluginFolder } from '../../../shared/plugin/load_folder.ts';
import { fakeContext } from '../../support/fake_context.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';

const exec = createExec({ env: { PATH: process.env.PATH }, log: silentLogger, clock: systemClock });

const builtin: PluginFolder<ModuleSpec<MinionContext>> = {
  names: ['cmd', 'test'],
  load: async () => ({
    summary: 'Built in.',
    functions: { ping: { summary: 'Ping.', args: {}, examples: [], run: () => 'built in' } },
  }),
  rescan: () => undefined,
};

/** A module with one function that returns a value. */
const module = (value: string, name = 'ping'): string =>
  `export default { summary: 'S.', functions: { ${name}: { summary: 'F.', args: {}, examples: [], run: () => ${value} } } };\n`;

async function open(files: Readonly<Record<string, string>>, config: Record<string, unknown> = {}) {
  const folder = await fixtureRoot(files);
  const context = fakeContext({ exec, config: { module_dirs: [folder], ...config }, grains: { os: 'Debian' } });
  const catalogue = createCatalogue(builtin, () => context);
  const call = async (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}): Promise<unknown> =>
    callFunction(fun, await findFunction(catalogue, fun), context, args, kwargs);
  return { folder, context, catalogue, call };
}

describe('modules in JavaScript', () => {
  test('are called like our own, and stand beside them', async () => {
    const { catalogue, call } = await open({ 'mine.js': module('40 + 2') });
    expect(catalogue.moduleNames).toEqual(['cmd', 'mine', 'test']);
    expect(await call('mine.ping')).toBe(42);
    expect(await call('test.ping')).toBe('built in');
  });

  test('get what is needed to declare arguments when their default export is a function', async () => {
    const source = `export default ({ defineModule, fn, FleetError, args: { Count }, v }) => defineModule({
      summary: 'S.',
      functions: { double: fn({ summary: 'F.', args: { n: v.optional(Count, 4) }, examples: [],
        run(context, { n }) {
          if (n > 9) throw new FleetError('COMMAND_FAILED', 'too many');
          return context.grains.all().os + n * 2;
        } }) },
    });`;
    const { call } = await open({ 'mine.mjs': source });
    expect(await call('mine.double', ['21'].slice(1))).toBe('Debian8');
    await expect(call('mine.double', [-1])).rejects.toThrow('n: must not be negative');
    await expect(call('mine.double', [10])).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: 'too many' });
  });

  test('take the place of our own module of that name', async () => {
    const { catalogue, call } = await open({ 'test.js': module("'custom'") });
    expect(await call('test.ping')).toBe('custom');
    expect(catalogue.moduleNames).toEqual(['cmd', 'test']);
  });

  test('of an earlier folder take the place of those of a later one', async () => {
    const first = await fixtureRoot({ 'a.js': module("'first'") });
    const second = await fixtureRoot({ 'a.js': module("'second'"), 'b.js': module("'b'") });
    const { call } = await open({}, { module_dirs: [join(first, 'gone'), first, second] });
    expect([await call('a.ping'), await call('b.ping')]).toEqual(['first', 'b']);
  });

  test('are loaded anew by a refresh when they changed, which tells their names', async () => {
    const { folder, catalogue, call } = await open({ 'mine.js': module('1'), 'same.js': module('1') });
    expect(await call('mine.ping')).toBe(1);
    await writeFile(join(folder, 'mine.js'), module('2222'));
    await writeFile(join(folder, 'late.js'), module('3'));
    expect(await call('mine.ping')).toBe(1);
    expect(catalogue.refresh()).toEqual(['late', 'mine']);
    expect([await call('mine.ping'), await call('late.ping')]).toEqual([2222, 3]);
    await rm(join(folder, 'late.js'));
    expect(catalogue.refresh()).toEqual(['late']);
    await expect(call('late.ping')).rejects.toThrow("'late.ping' is not available");
  });

  test('that are broken work after they were mended and refreshed', async () => {
    const { folder, catalogue, call } = await open({ 'mine.js': 'export default nonsense;' });
    await expect(call('mine.ping')).rejects.toThrow('nonsense is not defined');
    await writeFile(join(folder, 'mine.js'), module('1'));
    await utimes(join(folder, 'mine.js'), 1, 1);
    catalogue.refresh();
    expect(await call('mine.ping')).toBe(1);
  });
});

describe('what is broken says why, and hurts nothing else', () => {
  const described = (text: string): string => `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`;
  test.each([
    ['x.js', 'export default {', 'x.js: '],
    ['x.js', 'export const a = 1;', 'its default export is no module'],
    ['x.js', 'export default {};', 'it has no summary'],
    ['x.js', "export default { summary: 'S.' };", 'it has no functions'],
    ['x.js', "export default { summary: 'S.', functions: { a: 1 } };", 'a: it is no function'],
    ['x.js', "export default { summary: 'S.', functions: { a: { summary: 'F.' } } };", 'a: it has no function run'],
    ['x.js', module('1').replace('args: {}', "args: { n: 'text' }"), 'ping: its argument n is no schema'],
    ['x.js', module('1').replace('examples: []', 'examples: 1'), 'ping: its examples are no list of texts'],
    ['x.js', module('1', "'a-b'"), 'a-b: this cannot be the name of a function'],
    ['x.js', "export default () => { throw new Error('no licence'); };", 'Error: no licence'],
    ['x.js', module('1').replace('summary', "unavailable: () => 'no such device', summary"), 'no such device'],
    ['x.js', module('1').replace('summary', 'unavailable() { return q.q; }, summary'), 'q is not defined'],
    ['x', 'echo', 'it is not executable'],
    ['x', '#!/bin/sh\necho oh no >&2; exit 3\n', '--describe ended with status 3: oh no'],
    ['x.sh', '#!/bin/sh\necho hello\n', 'what --describe printed cannot be used'],
    ['x.py', described('{"summary": "S.", "functions": []}'), 'functions: must be a mapping'],
    [
      'x',
      described('{"summary": "S.", "functions": {"f": {"summary": "F.", "args": {"a": {"type": "int"}}}}}'),
      'functions.f.args.a.type: must be one of any, text, integer',
    ],
    ['x', described('{"summary": "S.", "functions": {}, "unavailable": "no modem"}'), 'no modem'],
  ])('%s: %s', async (file, content, reason) => {
    const { call, catalogue } = await open({ [file]: content });
    await expect(call('x.ping')).rejects.toMatchObject({
      code: 'MODULE_UNAVAILABLE',
      message: expect.stringContaining(reason),
    });
    expect(catalogue.moduleNames).toContain('x');
    expect(await call('test.ping')).toBe('built in');
  });

  test.skipIf('typescript' in process.features)('TypeScript is refused by a Node.js that does not run it', async () => {
    const { call } = await open({ 'x.ts': module('1 as number') });
    await expect(call('x.ping')).rejects.toThrow('does not run TypeScript: use 22.18 or later, or compile it');
  });

  test('a file that others may write to is not run', async () => {
    const { folder, call } = await open({ 'x.js': module('1') });
    await chmod(join(folder, 'x.js'), 0o646);
    const { catalogue, context } = await open({}, { module_dirs: [folder] });
    expect(await catalogue.find('x')).toEqual({
      unavailable: `${folder}/x.js: everybody may write to it: take that away with chmod o-w`,
    });
    expect(context.logged.map(({ message }) => message)).toEqual(['a module cannot be used']);
    expect(await call('test.ping')).toBe('built in');
  });

  test('nothing of a folder that others may write to is run, and none of our own modules is lost to it', async () => {
    const { folder, call, catalogue } = await open({ 'x.js': module('1'), 'test.js': module("'stranger'") });
    await chmod(folder, 0o777);
    catalogue.refresh();
    await expect(call('x.ping')).rejects.toThrow(`${folder}: everybody may write to it`);
    expect(await call('test.ping')).toBe('built in');
  });

  test('nothing of a folder that others may put another in the place of is run', async () => {
    const { folder } = await open({ 'open/modules/x.js': module('1') });
    const module_dirs = [join(folder, 'open/modules')];
    await chmod(join(folder, 'open'), 0o1777);
    await expect((await open({}, { module_dirs })).call('x.ping')).resolves.toBe(1);
    await chmod(join(folder, 'open'), 0o777);
    await expect((await open({}, { module_dirs })).call('x.ping')).rejects.toThrow(
      `${folder}/open: everybody may write`,
    );
  });

  test('a text beside the modules is none', async () => {
    const { catalogue } = await open({ 'readme.md': 'x', Makefile: 'x', 'sub/a.js': module('1'), 'x.d.ts': '' });
    expect(catalogue.moduleNames).toEqual(['cmd', 'test']);
  });
});
