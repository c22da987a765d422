import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type FuzzCase, fuzzCase } from './fuzz_grammar.ts';
import { HostWatch, judgeCase } from './judge_case.ts';

const watch = new HostWatch();
afterAll(() => watch.stop());

/** A fixed seed, so that a finding is a change of ours; `npm run fuzz` tries others. */
test('broken templates and documents end with a value or an error of ours, and never with the host', () => {
  const cases = fc.sample(fuzzCase, { numRuns: 1000, seed: Number(process.env.SEED ?? 1) });
  const ends = cases.map((each) => ({ ...each, ...judgeCase(each, watch) }));
  expect(ends.filter(({ outcome }) => outcome !== 'value' && outcome !== 'error')).toEqual([]);
  for (const kind of ['template', 'yaml', 'json']) {
    for (const outcome of ['value', 'error']) {
      expect(ends.filter((end) => end.kind === kind && end.outcome === outcome).length).toBeGreaterThan(10);
    }
  }
});

test('what the fuzzer found stays mended', () => {
  const found: FuzzCase[] = [
    // Names of flags were looked up in an object of the host.
    { kind: 'yaml', text: 'a: !!bool constructor' },
    { kind: 'yaml', text: 'a: !!bool escaped' },
    { kind: 'template', text: "{{ '&constructor; &escaped;' | striptags }}" },
    { kind: 'template', text: "{{ '10.0.0.1' | ipaddr('escaped') }}{{ salt['escaped'] is defined }}" },
    { kind: 'template', text: "{% do salt['slsutil.merge']({}, 1) %}" },
  ];
  expect(found.map((each) => judgeCase(each, watch).outcome)).toEqual(['error', 'error', 'value', 'value', 'error']);
});

test('a name that is looked up in the host does not go unseen', () => {
  const table: Readonly<Record<string, number>> = { a: 1 };
  expect(table.escaped).toBe('the host');
  expect(judgeCase({ kind: 'yaml', text: 'a: 1' }, watch).outcome).toBe('escape');
  expect(judgeCase({ kind: 'yaml', text: 'a: 1' }, watch).outcome).toBe('value');
});
