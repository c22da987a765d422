import { describe, expect, test } from 'vitest';
import { expand, seededChoice } from '../support/grammar.ts';
import { askCases, differsByDesign, renderCase } from '../support/jinja_cases.ts';
import { jinjaGrammar } from '../support/jinja_grammar.ts';
import { hasOracle } from '../support/python_oracle.ts';

/** A fixed seed, so that a difference is a change of ours. Others, and longer runs, are tried with `SEED=n COUNT=n`. */
const seed = Number(process.env.SEED ?? 1);
const count = Number(process.env.COUNT ?? 1000);

/** Python is asked for so many at a time, for its answers to fit in memory. */
const BATCH = 1000;

function differences(templates: readonly string[]) {
  const found = [];
  for (let start = 0; start < templates.length; start += BATCH) {
    const batch = templates.slice(start, start + BATCH);
    const answers = askCases(batch);
    for (const [index, template] of batch.entries()) {
      const python = answers[index]!;
      const ours = renderCase(template);
      const same = JSON.stringify(python) === JSON.stringify(ours);
      if (!same && !differsByDesign(template, python, ours)) found.push({ template, python, ours });
    }
  }
  return found;
}

// Generously, for a long run's sake: the default takes some ten seconds.
const timeout = 60_000 + 60 * count;

describe.skipIf(!hasOracle)("beside Python's Jinja2", () => {
  test('random expressions print the same bytes or fail with the same words', { timeout }, () => {
    const choose = seededChoice(seed);
    const expressions = Array.from({ length: count }, () => `{{ ${expand(jinjaGrammar, 'any', choose)} }}`);
    expect(differences(expressions)).toEqual([]);
  });

  test('random templates print the same bytes or fail with the same words', { timeout }, () => {
    const choose = seededChoice(seed + 1);
    const templates = Array.from({ length: count / 2 }, () => expand(jinjaGrammar, 'template', choose));
    expect(differences(templates)).toEqual([]);
  });
});
