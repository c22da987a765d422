import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJs } from '../../shared/render/values/border.ts';
import { pyRepr } from '../../shared/render/values/text.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { loadYaml } from '../../shared/render/yaml/load_yaml.ts';
import { YamlError } from '../../shared/render/yaml/yaml_error.ts';
import { askOracle, hasOracle } from '../support/python_oracle.ts';

/** A fixed seed, so that a difference is a change of ours. Others are tried with `SEED=n`. */
const seed = Number(process.env.SEED ?? 1);

const golden = new URL('../golden/render/yaml_documents.json', import.meta.url);
const texts = (JSON.parse(readFileSync(golden, 'utf8')) as { text: string }[])
  .map(({ text }) => text)
  .filter((text) => text.length < 500);

const scraps = [
  ...[
    'a',
    'b: ',
    ': ',
    '- ',
    '? ',
    '\n',
    '\n  ',
    '\n- ',
    '\t',
    '#',
    ' #c',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '|',
    '>',
  ],
  ...[
    '|-',
    '>+',
    '|2',
    '&a ',
    '*a',
    '!!str ',
    '!t ',
    '!',
    '!!int ',
    '<<: ',
    '---',
    '...',
    '\n---\n',
    '%YAML 1.1\n',
    '0644',
  ],
  ...[
    '1:30',
    'yes',
    '~',
    '=',
    '@',
    '`',
    '%',
    '\\',
    '\\x41',
    'é',
    '😀',
    '\u2028',
    '\x85',
    '\r\n',
    '1_0',
    '.5',
    '0x1f',
    '\ufeff',
  ],
];

/** A document with some of its characters cut out and scraps of YAML put in. */
const damaged = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(fc.tuple(fc.nat(1000), fc.nat(4), fc.constantFrom('', ...scraps)), { maxLength: 5 }),
  )
  .map(([text, edits]) =>
    edits.reduce((result, [place, cut, scrap]) => {
      const at = place % (result.length + 1);
      return result.slice(0, at) + scrap + result.slice(at + cut);
    }, text),
  )
  // Half a surrogate pair is no text that Python could be sent; sets print in an order of CPython's own.
  .filter((text) => !/\p{Cs}/u.test(text) && !text.includes('!!set'));

interface LoadAnswer {
  readonly value?: string;
  readonly error?: string;
  readonly type?: string;
}

function outcome(text: string, rules: 'plain' | 'salt'): LoadAnswer {
  try {
    return { value: pyRepr(loadYaml(text, { rules })) };
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

describe.skipIf(!hasOracle)('beside PyYAML', () => {
  test.each(['plain', 'salt'] as const)(
    'damaged documents are read by the %s rules with the same values and errors',
    (rules) => {
      const documents = fc.sample(damaged, { numRuns: 3000, seed });
      const answers = askOracle<LoadAnswer>(
        'yaml_oracle.py',
        documents.map((load) => ({ load, rules })),
      );
      const differences = documents.flatMap((text, index) => {
        const { value, error, type } = answers[index]!;
        const ours = outcome(text, rules);
        const same = value === undefined ? ours.error === error : ours.value === value;
        return same || differsByDesign({ type }, ours)
          ? []
          : [{ text, python: value ?? error, ours: ours.value ?? ours.error }];
      });
      expect(differences).toEqual([]);
    },
  );

  test('random values are written with the same bytes', () => {
    const text = fc
      .array(fc.constantFrom(...scraps, 'word', ' ', 'x'.repeat(30), '\n\n'), { maxLength: 40 })
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
    const values = fc.sample(anyValue, { numRuns: 2000, seed }).map(fromJs);
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
