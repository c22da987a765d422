import * as v from 'valibot';
import { expect, test } from 'vitest';
import type { MasterContext } from '../../../../master/context.ts';
import { defineModule, fn } from '../../../../minion/context.ts';
import sys from '../../../../minion/modules/sys.ts';
import testModule from '../../../../minion/modules/test.ts';
import { docstring } from '../../../../shared/plugin/documentation.ts';
import type { AnyFunction, ModuleSpec } from '../../../../shared/plugin/function.ts';
import { loadFolder, programFolder } from '../../../../shared/plugin/load_folder.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const sysctl = defineModule({
  summary: 'Kernel parameters.',
  functions: {
    get: fn({ summary: 'Get one.', args: { name: v.string() }, examples: ['salt-call sysctl.get a'], run: () => '' }),
    assign: fn({
      summary: 'Set one.',
      args: { name: v.string(), value: v.optional(v.number(), 5), note: v.optional(v.string()) },
      varargs: true,
      examples: ['salt-call sysctl.assign a 1'],
      run: () => true,
    }),
  },
});

function run(fun: string, ...args: unknown[]) {
  return runFunction(fakeContext({ modules: { sys, sysctl, test: testModule } }), sys, fun, args);
}

test('doc returns docstrings as Salt sends them', async () => {
  expect(await run('sys.doc', 'test.ping')).toEqual({
    'test.ping': `
    Used to make sure the minion is up and responding. Not an ICMP ping.

    Returns \`\`True\`\`.

    CLI Example:

        salt '*' test.ping
    `,
  });
});

test.each([
  [['sysctl'], ['sysctl.assign', 'sysctl.get']],
  [['sysctl.'], ['sysctl.assign', 'sysctl.get']],
  [['sysctl.get'], ['sysctl.get']],
  [['sysctl.ge'], []],
  [['*.get'], ['sysctl.get']],
  [
    ['test.p*g', 'sysctl.get'],
    ['sysctl.get', 'test.ping'],
  ],
])('list_functions %j lists %j', async (patterns, expected) => {
  expect(await run('sys.list_functions', ...patterns)).toEqual(expected);
});

test('a module does not bring along another whose name begins alike', async () => {
  const names = (await run('sys.list_functions', 'sys')) as string[];
  expect(names).toContain('sys.doc');
  expect(names).not.toContain('sysctl.get');
});

test('without a name, doc, argspec and list_functions tell of the same functions', async () => {
  const names = await run('sys.list_functions');
  expect(Object.keys((await run('sys.doc')) as object)).toEqual(names);
  expect(Object.keys((await run('sys.argspec')) as object)).toEqual(names);
});

test('argspec has the shape of Salt: defaults belong to the last arguments', async () => {
  expect(await run('sys.argspec', 'sysctl')).toEqual({
    'sysctl.assign': { args: ['name', 'value', 'note'], defaults: [5, null], varargs: true, kwargs: null },
    'sysctl.get': { args: ['name'], defaults: null, varargs: null, kwargs: null },
  });
  expect(await run('sys.argspec', 'test.ping')).toEqual({
    'test.ping': { args: null, defaults: null, varargs: null, kwargs: null },
  });
});

test('list_modules takes globs', async () => {
  expect(await run('sys.list_modules')).toEqual(['sys', 'sysctl', 'test']);
  expect(await run('sys.list_modules', 's*')).toEqual(['sys', 'sysctl']);
});

test('a module that cannot be used is listed apart, with the reason', async () => {
  const catalogue = {
    moduleNames: ['gone', 'sysctl'],
    refresh: () => [],
    find: async (name: string) => (name === 'sysctl' ? sysctl : { unavailable: 'x' }),
  };
  expect(await runFunction(fakeContext({ catalogue }), sys, 'sys.list_modules')).toEqual(['sysctl']);
  expect(await runFunction(fakeContext({ catalogue }), sys, 'sys.unavailable_modules')).toEqual({ gone: 'x' });
});

test('reload_modules is refresh_modules by another name', async () => {
  const context = fakeContext({ functions: { 'saltutil.refresh_modules': () => true } });
  expect(await runFunction(context, sys, 'sys.reload_modules')).toBe(true);
});

test('returners are listed and described with their settings', async () => {
  expect(await run('sys.list_returners')).toEqual(['http', 'jsonl', 'postgres', 'syslog']);
  expect(await run('sys.list_returners', 'j*')).toEqual(['jsonl']);
  expect(await run('sys.list_returner_functions', 'jsonl', 's*')).toEqual(['jsonl.returner', 'syslog.returner']);
  const docs = (await run('sys.returner_doc', 'jsonl')) as Record<string, string>;
  expect(Object.keys(docs)).toEqual(['jsonl.returner']);
  expect(docs['jsonl.returner']).toContain('Appends each return');
  expect(docs['jsonl.returner']).toMatch(/^ +path\n +The file\. It is opened for each return/m);
  expect(await run('sys.returner_argspec', 'jsonl.returner')).toEqual({
    'jsonl.returner': { args: ['ret'], defaults: null, varargs: null, kwargs: null },
  });
});

test('runners are those of the master, in the words of their definitions', async () => {
  const folder = loadFolder<ModuleSpec<MasterContext>>(programFolder('master/runners'));
  expect(await run('sys.list_runners')).toEqual(folder.names);
  expect(await run('sys.list_runners', 'man*', 'cache')).toEqual(['cache', 'manage']);
  expect(await run('sys.list_runner_functions', 'manage')).toEqual([
    'manage.capabilities',
    'manage.down',
    'manage.not_present',
    'manage.present',
    'manage.status',
    'manage.up',
    'manage.versions',
  ]);
  const up = (await folder.load('manage'))?.functions.up as AnyFunction<MasterContext>;
  expect(await run('sys.runner_doc', 'manage.up')).toEqual({ 'manage.up': docstring('manage.up', up) });
  expect(await run('sys.runner_argspec', 'manage.up')).toEqual({
    'manage.up': { args: null, defaults: null, varargs: null, kwargs: null },
  });
});

test('the table of runners tells of each what its definition tells', async () => {
  const told = (await run('sys.runner_argspec')) as Readonly<
    Record<string, { readonly args: readonly string[] | null }>
  >;
  expect(Object.keys(told)).toEqual(await run('sys.list_runner_functions'));
  const folder = loadFolder<ModuleSpec<MasterContext>>(programFolder('master/runners'));
  for (const module of folder.names) {
    for (const [name, spec] of Object.entries((await folder.load(module))?.functions ?? {})) {
      expect(told[`${module}.${name}`]?.args ?? [], `${module}.${name}`).toEqual(Object.keys(spec.args));
    }
  }
});

test('renderers are listed and described', async () => {
  expect(await run('sys.list_renderers')).toEqual(['jinja', 'json', 'text', 'yaml', 'yamlex']);
  expect(await run('sys.list_renderers', 'yaml*')).toEqual(['yaml', 'yamlex']);
  const docs = (await run('sys.renderer_doc', 'jinja', 'j*')) as Record<string, string>;
  expect(Object.keys(docs)).toEqual(['jinja', 'json']);
  expect(docs.jinja).toContain('Jinja2');
});

test.each([
  ['sys.state_doc', {}],
  ['sys.state_argspec', {}],
  ['sys.list_state_modules', []],
  ['sys.list_state_functions', []],
  ['sys.state_schema', []],
])('%s is empty while there are no states', async (fun, empty) => {
  expect(await run(fun)).toEqual(empty);
  expect(await run(fun, 'pkg')).toEqual(empty);
});
