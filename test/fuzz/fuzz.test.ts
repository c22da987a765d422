import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type FuzzCase, renderCase } from './fuzz_grammar.ts';
import { HostWatch, judgeCase } from './judge_case.ts';
import { wireCase } from './wire_grammar.ts';

const watch = new HostWatch();
afterAll(() => watch.stop());

type End = FuzzCase & Awaited<ReturnType<typeof judgeCase>>;

/** A fixed seed, so that a finding is a change of ours; `npm run fuzz` tries others. */
async function endsOf(arbitrary: fc.Arbitrary<FuzzCase>): Promise<readonly End[]> {
  const ends: End[] = [];
  for (const each of fc.sample(arbitrary, { numRuns: 1000, seed: Number(process.env.SEED ?? 1) })) {
    ends.push({ ...each, ...(await judgeCase(each, watch)) });
  }
  return ends;
}

test.each([
  ['templates and documents', renderCase, ['template', 'yaml', 'json']],
  ['packets, payloads, targets and command lines', wireCase, ['frames', 'payload', 'target', 'arguments']],
] as const)('broken %s end with a value or an error of ours, and never with the host', async (_what, cases, kinds) => {
  const ends = await endsOf(cases);
  expect(ends.filter(({ outcome }) => outcome !== 'value' && outcome !== 'error')).toEqual([]);
  for (const kind of kinds) {
    for (const outcome of ['value', 'error']) {
      expect(ends.filter((end) => end.kind === kind && end.outcome === outcome).length).toBeGreaterThan(10);
    }
  }
});

test('what the fuzzer found stays mended', async () => {
  const found: FuzzCase[] = [
    // Names of flags were looked up in an object of the host.
    { kind: 'yaml', text: 'a: !!bool constructor' },
    { kind: 'yaml', text: 'a: !!bool escaped' },
    { kind: 'template', text: "{{ '&constructor; &escaped;' | striptags }}" },
    { kind: 'template', text: "{{ '10.0.0.1' | ipaddr('escaped') }}{{ salt['escaped'] is defined }}" },
    { kind: 'template', text: "{% do salt['slsutil.merge']({}, 1) %}" },
  ];
  const ends = [];
  for (const each of found) ends.push((await judgeCase(each, watch)).outcome);
  expect(ends).toEqual(['error', 'error', 'value', 'value', 'error']);
});

test('a name that is looked up in the host does not go unseen', async () => {
  const table: Readonly<Record<string, number>> = { a: 1 };
  expect(table.escaped).toBe('the host');
  expect((await judgeCase({ kind: 'yaml', text: 'a: 1' }, watch)).outcome).toBe('escape');
  expect((await judgeCase({ kind: 'yaml', text: 'a: 1' }, watch)).outcome).toBe('value');
});
