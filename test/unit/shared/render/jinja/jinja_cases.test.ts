import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { askCases, renderCase } from '../../../../support/jinja_cases.ts';
import type { Rendered } from '../../../../support/render_trees.ts';

/** Templates where we once differed from Python's Jinja2, with what it answers. `UPDATE_GOLDEN=1` asks it anew. */
interface Case {
  readonly template: string;
  readonly python: Rendered;
}

const golden = new URL('../../../../golden/render/jinja_cases.json', import.meta.url);

function readCases(): Case[] {
  return JSON.parse(readFileSync(golden, 'utf8')) as Case[];
}

if (process.env.UPDATE_GOLDEN === '1') {
  const templates = readCases().map(({ template }) => template);
  const answers = askCases(templates);
  const cases = templates.map((template, index) => ({ template, python: answers[index] }));
  writeFileSync(golden, `${JSON.stringify(cases, undefined, 2)}\n`);
}

test.each(readCases().map((each) => [each.template, each.python] as const))('%j', (template, python) => {
  expect(renderCase(template)).toEqual(python);
});
