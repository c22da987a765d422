import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { MinionContext } from '../../minion/context.ts';
import sys from '../../minion/modules/sys.ts';
import { docText } from '../../shared/plugin/documentation.ts';
import { defaultOf, isRequired, type ModuleSpec } from '../../shared/plugin/function.ts';
import { loadFolder } from '../../shared/plugin/load_folder.ts';
import { fakeContext } from '../support/fake_context.ts';
import { runFunction } from '../support/run_function.ts';

const folder = loadFolder<ModuleSpec<MinionContext>>(new URL('../../minion/modules/', import.meta.url));
const modules = await Promise.all(folder.names.map(async (name) => [name, await load(name)] as const));

async function load(name: string): Promise<ModuleSpec<MinionContext>> {
  return (await folder.load(name)) as ModuleSpec<MinionContext>;
}

/** One line that begins with a capital letter and ends with a full stop. */
const SUMMARY = /^[A-Z].*\.$/;
/** What Salt's command line and SLS files take for a name. */
const NAME = /^[a-z][a-z0-9_]*$/;

test('there are modules to walk', () => {
  expect(folder.names).toContain('test');
});

/** What every execution module keeps, the next one too: nobody adds it to a list. */
describe.each(modules)('minion/modules/%s.ts', (module, spec) => {
  const functions = Object.entries(spec.functions);

  test('says what it is for and has functions', () => {
    expect(spec.summary).toMatch(SUMMARY);
    expect(functions.length).toBeGreaterThan(0);
  });

  test.each(functions)('%s has a name that can be called and a summary of one sentence', (name, fun) => {
    expect(name).toMatch(NAME);
    expect(fun.summary).toMatch(SUMMARY);
  });

  test.each(functions)('%s has examples, each of which calls it', (name, { examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(example).toMatch(new RegExp(`(^|[\\s'"=])${module}\\.${name}($|[\\s'"])`));
  });

  test.each(functions)('%s has arguments whose defaults pass their own schemas', (_name, { args }) => {
    for (const [key, schema] of Object.entries(args)) {
      expect(key).toMatch(/^[a-z_][a-z0-9_]*$/i);
      if (isRequired(schema)) continue;
      const result = v.safeParse(schema, undefined);
      expect(result.success, `the default of ${key}`).toBe(true);
      const value = defaultOf(schema);
      if (value !== undefined) expect(v.safeParse(schema, value).success, `the default of ${key}, passed`).toBe(true);
    }
  });

  test.each(functions)('%s has its required arguments first, as positions and argspec need', (_name, { args }) => {
    const required = Object.values(args).map(isRequired);
    expect(required).toEqual(required.toSorted((a, b) => Number(b) - Number(a)));
  });

  test.each(functions)('%s renders its documentation', (name, fun) => {
    const text = docText(`${module}.${name}`, fun);
    expect(text.startsWith(`${fun.summary}\n`)).toBe(true);
    expect(text).toContain('CLI Example');
    expect(text).not.toMatch(/undefined|\[object Object\]|[ \t]$/m);
  });

  test('has an argspec for each function that can be sent', async () => {
    const context = fakeContext({ modules: { [module]: spec } });
    const specs = (await runFunction(context, sys, 'sys.argspec', [module])) as Record<
      string,
      { args: string[] | null }
    >;
    expect(Object.keys(specs).sort()).toEqual(functions.map(([name]) => `${module}.${name}`).sort());
    for (const [name, fun] of functions) {
      const names = Object.keys(fun.args);
      expect(specs[`${module}.${name}`]?.args).toEqual(names.length === 0 ? null : names);
    }
    expect(JSON.parse(JSON.stringify(specs))).toEqual(specs);
  });

  test('tells whether it can be used without touching more than the file root', () => {
    const reason = spec.unavailable?.(fakeContext());
    if (reason !== undefined) expect(reason).toMatch(/^\S.*[^.\s]$/);
  });
});
