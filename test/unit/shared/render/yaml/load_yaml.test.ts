import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pyRepr } from '../../../../../shared/render/values/text.ts';
import { loadYaml } from '../../../../../shared/render/yaml/load_yaml.ts';
import { YamlError } from '../../../../../shared/render/yaml/yaml_error.ts';
import { askOracle } from '../../../../support/python_oracle.ts';

/** What PyYAML made of a text, with SafeLoader and with Salt's rules (absent when it is the same). */
interface Document {
  readonly text: string;
  readonly plain: Answer;
  readonly salt?: Answer;
}
interface Answer {
  readonly value?: string;
  readonly error?: string;
  readonly type?: string;
}

const golden = new URL('../../../../golden/render/yaml_documents.json', import.meta.url);
if (process.env.UPDATE_GOLDEN === '1') updateGolden();
const documents = JSON.parse(readFileSync(golden, 'utf8')) as Document[];

/** Asks PyYAML anew; to add a document, put its text into the file with anything as the answer. */
function updateGolden(): void {
  const texts = (JSON.parse(readFileSync(golden, 'utf8')) as Document[]).map(({ text }) => text);
  const ask = (rules: string) =>
    askOracle<Answer>(
      'yaml_oracle.py',
      texts.map((load) => ({ load, rules })),
    );
  const [plain, salt] = [ask('plain'), ask('salt')];
  const answers = texts.map((text, index): Document => {
    const isSame = JSON.stringify(plain[index]) === JSON.stringify(salt[index]);
    return { text, plain: plain[index]!, ...(isSame ? {} : { salt: salt[index]! }) };
  });
  writeFileSync(golden, `[\n${answers.map((answer) => JSON.stringify(answer)).join(',\n')}\n]\n`);
}

function outcome(text: string, rules: 'plain' | 'salt'): { value: string } | { error: string } {
  try {
    return { value: pyRepr(loadYaml(text, { rules })) };
  } catch (error) {
    if (error instanceof YamlError) return { error: error.message };
    throw error;
  }
}

function failure(text: string): YamlError {
  try {
    loadYaml(text);
  } catch (error) {
    if (error instanceof YamlError) return error;
    throw error;
  }
  throw new Error('the text was read without complaint');
}

const yamlErrors = ['ReaderError', 'ScannerError', 'ParserError', 'ComposerError', 'ConstructorError'];

/** Of errors that are Python's own, only that they are errors is the same. */
function expected({ value, error, type }: Answer): unknown {
  if (value !== undefined) return { value };
  return { error: yamlErrors.includes(type ?? '') ? error : expect.any(String) };
}

describe('texts that PyYAML has read', () => {
  test.each(documents.map(({ text, plain }) => [JSON.stringify(text), text, plain] as const))(
    '%s',
    (_name, text, answer) => {
      expect(outcome(text, 'plain')).toEqual(expected(answer));
    },
  );
});

describe("texts read by Salt's rules", () => {
  test.each(documents.map(({ text, plain, salt }) => [JSON.stringify(text), text, salt ?? plain] as const))(
    '%s',
    (_name, text, answer) => {
      expect(outcome(text, 'salt')).toEqual(expected(answer));
    },
  );
});

describe('what the error tells beside its message', () => {
  test('a duplicate key names both lines', () => {
    const error = failure('a: 1\nb: 2\nc: 3\nb: 4\n');
    expect(error).toMatchObject({ problem: "found conflicting ID 'b'", place: { line: 4, column: 1 } });
    expect(error.relatedPlace).toEqual({ line: 2, column: 1 });
  });

  test('the stage that refused the text', () => {
    const stages = ['a: \x07', '\ta: 1', 'a: ]', 'b: *x', 'a: !x 1'].map((text) => failure(text).stage);
    expect(stages).toEqual(['reader', 'scanner', 'parser', 'composer', 'constructor']);
  });

  test('columns are counted in characters', () => {
    expect(failure('"😀😀": b: c').place).toEqual({ line: 1, column: 8 });
  });
});

const pairs = (head: string, name: string) =>
  `${head}\n${Array.from({ length: 20_000 }, (_, index) => `  ${name}${index}: 1`).join('\n')}`;

describe('limits', () => {
  test('aliases of aliases that would unfold without end are refused before they do', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `l${level}: &l${level} [${`*l${level - 1}, `.repeat(9)}]`);
    const text = ['l0: &l0 [x]', ...levels.slice(1)].join('\n');
    expect(failure(text).problem).toMatch(/more than 500000 nodes/);
  });

  test('an alias may be used as often as one likes', () => {
    const value = loadYaml(`a: &a {x: 1}\nb: [${'*a, '.repeat(1000)}]`);
    expect(pyRepr(value)).toContain("{'x': 1}, {'x': 1}");
  });

  test('deep nesting is an error, not a crash', () => {
    expect(failure('['.repeat(100_000)).problem).toMatch(/more than 250 collections/);
    expect(failure('- '.repeat(1000)).problem).toMatch(/more than 250 collections/);
    expect(failure(`${'{a: '.repeat(1000)}`).problem).toMatch(/more than 250 collections/);
  });

  test('a value cannot contain itself', () => {
    expect(failure('&a [*a]').problem).toBe('found unconstructable recursive node');
  });

  test('more nodes than anybody writes are an error before they fill the memory', () => {
    expect(() => loadYaml('- a\n'.repeat(1000), { limits: { nodesMax: 1000 } })).toThrow('more than 1000 nodes');
  });

  test('the keys of a key that cannot be one are not all in its message', () => {
    const lists = Array.from(
      { length: 5 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    );
    expect(failure(['l0: &l0 [x]', ...lists, '? *l5', ': 1'].join('\n')).message.length).toBeLessThan(5000);
  });

  test('a number has as many digits as Python reads', () => {
    expect(failure(`a: ${'9'.repeat(5000)}`).problem).toMatch(/^Exceeds the limit \(4300 digits\)/);
    expect(failure(`a: ${'1:'.repeat(5000)}1`).problem).toBe('a number of more than 1000 parts in base 60');
  });

  // What took time that grew with the square of the length ran for minutes.
  test.each([
    ['a long list', '- a\n'.repeat(200_000)],
    ['a long line with characters of two units', `😀: [${'a, '.repeat(50_000)}]`],
    ['a long mapping that merges another', `${pairs('a: &a', 'k')}\n${pairs('b:', 'm')}\n  <<: *a`],
    ['a long text', `a: "${'x '.repeat(500_000)}"`],
  ])('%s is read in a time that grows with its length', (_name, text) => {
    expect(() => loadYaml(text)).not.toThrow();
  });
});

test('aliases are the same object', () => {
  const value = loadYaml('a: &x [1]\nb: *x') as unknown as { get(key: string): unknown };
  expect(value.get('a')).toBe(value.get('b'));
});

test('mappings of an SLS file are ordered dicts', () => {
  expect(pyRepr(loadYaml('b: 1\na: {d: 2}', { ordered: true }))).toBe(
    "OrderedDict([('b', 1), ('a', OrderedDict([('d', 2)]))])",
  );
});
