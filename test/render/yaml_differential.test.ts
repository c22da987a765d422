import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJs } from '../../shared/render/values/border.ts';
import { pyRepr } from '../../shared/render/values/text.ts';
import { type DumpYamlOptions, dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { loadYaml } from '../../shared/render/yaml/load_yaml.ts';
import { YamlError } from '../../shared/render/yaml/yaml_error.ts';
import { askOracle, hasOracle } from '../support/python_oracle.ts';
import { damagedDocument, writtenDocument, yamlScraps } from '../support/yaml_documents.ts';

/** A fixed seed, so that a difference is a change of ours. Others are tried with `SEED=n`, more of each with `COUNT=n`. */
const seed = Number(process.env.SEED ?? 1);
const numRuns = Number(process.env.COUNT ?? 2000);

interface LoadAnswer {
  readonly value?: string;
  readonly error?: string;
  readonly type?: string;
}

const rules = {
  plain: { rules: 'plain' },
  salt: { rules: 'salt' },
  sls: { rules: 'salt', ordered: true },
} as const;

function outcome(text: string, name: keyof typeof rules): LoadAnswer {
  try {
    return { value: pyRepr(loadYaml(text, rules[name])) };
  } catch (error) {
    if (error instanceof YamlError) return { error: error.message };
    throw error;
  }
}

/** The places where we differ on purpose: values that contain themselves, and errors that are Python's own. */
function differsByDesign(answer: LoadAnswer, ours: LoadAnswer): boolean {
  if (ours.error?.startsWith('found unconstructable recursive node')) return true;
  return (
    ours.error !== undefined && /^(?:Value|Key|Index|Attribute|Type|Overflow|Unicode\w*)Error$/.test(answer.type ?? '')
  );
}

/** Milliseconds; a count of tens of thousands takes minutes. */
const timeout = 30_000 + numRuns * 30;

describe.skipIf(!hasOracle)('beside PyYAML', { timeout }, () => {
  const documents = { written: writtenDocument, damaged: damagedDocument };
  const kinds = Object.keys(documents) as (keyof typeof documents)[];
  const cases = kinds.flatMap((kind) => (['plain', 'salt', 'sls'] as const).map((name) => [kind, name] as const));

  test.each(cases)('%s documents are read by the %s rules with the same values and errors', (kind, name) => {
    const texts = fc.sample(documents[kind], { numRuns, seed });
    const answers = askOracle<LoadAnswer>(
      'yaml_oracle.py',
      texts.map((load) => ({ load, rules: name })),
    );
    const differences = texts.flatMap((text, index) => {
      const { value, error, type } = answers[index]!;
      const ours = outcome(text, name);
      const same = value === undefined ? ours.error === error : ours.value === value;
      return same || differsByDesign({ type }, ours)
        ? []
        : [{ text, python: value ?? error, ours: ours.value ?? ours.error }];
    });
    expect(differences).toEqual([]);
  });

  test.each(kinds)('what %s documents hold is written with the same bytes', (kind) => {
    const request = fc.record({
      text: documents[kind],
      flow: fc.constantFrom(true, false, null),
      sortKeys: fc.boolean(),
      width: fc.constantFrom(80, 80, 20, 5, 1000),
      indent: fc.constantFrom(2, 2, 1, 4, 9, 10),
    });
    const requests = fc
      .sample(request, { numRuns, seed })
      .filter(({ text }) => outcome(text, 'plain').error === undefined);
    const answers = askOracle<{ text: string }>(
      'yaml_oracle.py',
      requests.map(({ text, sortKeys, ...layout }) => ({ dump_of: text, sort: sortKeys, ...layout })),
    );
    const differences = requests.flatMap(({ text, ...options }, index) => {
      const ours = dumpYaml(loadYaml(text, rules.plain), options satisfies DumpYamlOptions);
      return ours === answers[index]!.text ? [] : [{ text, options, python: answers[index]!.text, ours }];
    });
    expect(differences).toEqual([]);
  });

  test('random values are written with the same bytes', () => {
    const text = fc
      .array(fc.constantFrom(...yamlScraps, 'word', ' ', 'x'.repeat(30), '\n\n'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    const { value: anyValue } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(text, tie('value'), { maxKeys: 5 }),
      ),
    }));
    const values = fc.sample(anyValue, { numRuns, seed }).map(fromJs);
    const styles = [true, false, null];
    const requests = values.map((value, index) => ({
      dump: pyRepr(value).replaceAll('Infinity', 'inf'),
      flow: styles[index % 3],
    }));
    const answers = askOracle<{ text: string }>('yaml_oracle.py', requests);
    const differences = values.flatMap((value, index) => {
      const ours = dumpYaml(value, { flow: styles[index % 3] as boolean | null });
      return ours === answers[index]!.text ? [] : [{ python: answers[index]!.text, ours }];
    });
    expect(differences).toEqual([]);
  });
});
