import { TAG_PREFIX } from './node.ts';

interface Resolver {
  readonly tag: string;
  readonly pattern: RegExp;
  /** Characters the text may start with. */
  readonly first: string;
}

/** YAML 1.1 as PyYAML narrows it: no `y` and `n`, a float needs its point and a sign in its exponent. */
const resolvers: readonly Resolver[] = [
  {
    tag: 'bool',
    pattern: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    first: 'yYnNtTfFoO',
  },
  {
    tag: 'float',
    pattern:
      /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    first: '-+0123456789.',
  },
  {
    tag: 'int',
    pattern:
      /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
    first: '-+0123456789',
  },
  { tag: 'merge', pattern: /^<<$/, first: '<' },
  { tag: 'null', pattern: /^(?:~|null|Null|NULL)$/, first: '~nN' },
  {
    tag: 'timestamp',
    pattern:
      /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/,
    first: '0123456789',
  },
  { tag: 'value', pattern: /^=$/, first: '=' },
  { tag: 'yaml', pattern: /^[!&*]$/, first: '!&*' },
];

const resolversByFirst = groupByFirst();

function groupByFirst(): ReadonlyMap<string, readonly Resolver[]> {
  const characters = new Set(resolvers.flatMap(({ first }) => [...first]));
  return new Map(
    [...characters].map((character) => [character, resolvers.filter(({ first }) => first.includes(character))]),
  );
}

/** The tag that an unquoted scalar has by its looks. */
export function resolveScalarTag(text: string): string {
  if (text === '') return `${TAG_PREFIX}null`;
  const candidates = resolversByFirst.get(text[0] as string);
  const match = candidates?.find(({ pattern }) => pattern.test(text));
  return TAG_PREFIX + (match?.tag ?? 'str');
}
