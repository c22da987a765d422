import * as v from 'valibot';
import { expect, test } from 'vitest';
import { defineModule, fn } from '../../../../minion/context.ts';
import sys from '../../../../minion/modules/sys.ts';
import testModule from '../../../../minion/modules/test.ts';
import { fakeContext, runFunction } from '../../../support/fake_context.ts';

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
  const docs = (await run('sys.returner_doc', 'jsonl')) as Record<string, string>;
  expect(Object.keys(docs)).toEqual(['jsonl']);
  expect(docs.jsonl).toContain('Appends each return');
  expect(docs.jsonl).toMatch(/^ +path\n +The file\. It is opened for each return/m);
});
