import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { MasterContext } from '../../master/context.ts';
import { docText } from '../../shared/plugin/documentation.ts';
import { defaultOf, isRequired, type ModuleSpec } from '../../shared/plugin/function.ts';
import { loadFolder } from '../../shared/plugin/load_folder.ts';
import { FunctionName } from '../../shared/protocol/fields.ts';

const folders = ['runners', 'wheel'] as const;
const modules = (await Promise.all(folders.map(load))).flat();

async function load(kind: (typeof folders)[number]) {
  const folder = loadFolder<ModuleSpec<MasterContext>>(new URL(`../../master/${kind}/`, import.meta.url));
  return Promise.all(
    folder.names.map(async (name) => [kind, name, (await folder.load(name)) as ModuleSpec<MasterContext>] as const),
  );
}

/** One line that begins with a capital letter and ends with a full stop. */
const SUMMARY = /^[A-Z].*\.$/;
/** The commands by which operators call them. */
const COMMANDS = { runners: /^salt-run /, wheel: /^salt-key / } as const;

test('there are runners and wheel modules to walk', () => {
  expect(modules.map(([kind, name]) => `${kind}/${name}`)).toEqual(
    expect.arrayContaining(['runners/jobs', 'wheel/key']),
  );
});

/** What every runner and wheel module keeps, the next one too: nobody adds it to a list. */
describe.each(modules)('master/%s/%s.ts', (kind, module, spec) => {
  const functions = Object.entries(spec.functions);

  test('says what it is for and has functions', () => {
    expect(spec.summary).toMatch(SUMMARY);
    expect(functions.length).toBeGreaterThan(0);
  });

  test.each(functions)('%s has a name that can be sent and a summary of one sentence', (name, fun) => {
    expect(v.is(FunctionName, `${module}.${name}`)).toBe(true);
    expect(fun.summary).toMatch(SUMMARY);
  });

  test.each(functions)('%s has examples that call it', (name, { examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(example).toMatch(COMMANDS[kind]);
      if (kind === 'runners') expect(example).toContain(`salt-run ${module}.${name}`);
    }
  });

  test.each(functions)('%s has arguments whose defaults pass their own schemas', (_name, { args }) => {
    for (const [key, schema] of Object.entries(args)) {
      expect(key).toMatch(/^[a-z_][a-z0-9_]*$/);
      if (isRequired(schema)) continue;
      expect(v.safeParse(schema, undefined).success, `the default of ${key}`).toBe(true);
      const value = defaultOf(schema);
      if (value !== undefined) expect(v.safeParse(schema, value).success, `the default of ${key}, passed`).toBe(true);
    }
  });

  test.each(functions)('%s has its required arguments first, as positions need', (_name, { args }) => {
    const required = Object.values(args).map(isRequired);
    expect(required).toEqual(required.toSorted((a, b) => Number(b) - Number(a)));
  });

  test.each(functions)('%s renders its documentation', (name, fun) => {
    const text = docText(`${module}.${name}`, fun);
    expect(text.startsWith(`${fun.summary}\n`)).toBe(true);
    expect(text).not.toMatch(/undefined|\[object Object\]|[ \t]$/m);
  });
});
