import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycle, parseSource, readSources, type Source } from './support/source_tree.ts';

/** Who may import whom (ARCHITECTURE.md). What stands in no row may import everything. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  shared: ['shared'],
  broker: ['broker', 'shared'],
  master: ['master', 'broker', 'shared'],
  // The broker for the loopback bus alone: the same guarded Aedes as the master's.
  minion: ['minion', 'broker', 'shared'],
  cli: ['cli', 'master', 'minion', 'broker', 'shared'],
};

const product = ['shared', 'broker', 'master', 'minion', 'cli'];
const everything = [...product, 'scripts', 'bench', 'test'];

/** A package that only these places may import, so that it can be replaced there. */
const packages: readonly {
  readonly name: RegExp;
  readonly only: readonly string[];
  readonly instead: string;
  /** Imports of these names alone are free. */
  readonly harmless?: RegExp;
}[] = [
  { name: /^aedes/, only: ['broker/'], instead: 'use the interface in broker/broker.ts' },
  { name: /^ldapts$/, only: ['master/auth/check_ldap.ts'], instead: 'use checkLdap of master/auth/check_ldap.ts' },
  { name: /^lmdb$/, only: ['master/store/'], instead: 'use the interface in master/store/store.ts' },
  { name: /^mqtt(\/|$)/, only: ['shared/client/'], instead: 'use shared/client/connection.ts' },
  { name: /^mqtt-packet$/, only: ['broker/', 'shared/client/'], instead: 'leave packets to the broker' },
  { name: /^cbor-x$/, only: ['shared/protocol/codec.ts'], instead: 'use shared/protocol/codec.ts, which guards it' },
  { name: /^croner$/, only: ['shared/schedule/timing.ts'], instead: 'use shared/schedule/timing.ts' },
  { name: /^convict$/, only: ['shared/config/'], instead: 'take the configuration as an argument' },
  { name: /^commander$/, only: ['cli/'], instead: 'leave flags to cli/' },
  {
    name: /^(node:)?child_process$/,
    only: ['minion/lib/exec.ts', 'master/auth/check_pam.ts'],
    instead: 'use context.exec, which takes an argument list',
  },
  {
    name: /^(node:)?(net|tls|dgram|http|https|http2)$/,
    only: [
      'broker/',
      'shared/client/',
      'shared/returners/',
      'master/metrics/serve_metrics.ts',
      'minion/link/trust.ts',
      'minion/link/tls_memory.ts',
      'minion/lib/network/probe.ts',
      'minion/lib/http/exchange.ts',
    ],
    harmless: /^\{ (isIP(v4|v6)?(, )?)+ \}$/,
    instead: 'open sockets through shared/client/connection.ts or broker/',
  },
];

/** What only these places may write, with what to do instead. */
const words: readonly { readonly pattern: RegExp; readonly only: readonly string[]; readonly instead: string }[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    // platform.ts asks for the offset of the time zone, which no clock of ours has.
    only: ['shared/clock.ts', 'minion/lib/platform.ts'],
    instead: 'take a Clock (shared/clock.ts) as an argument',
  },
  {
    pattern: /\bset(Timeout|Interval)\b(?!>)/,
    only: ['shared/clock.ts'],
    instead: 'use clock.after or clock.every (shared/clock.ts)',
  },
  { pattern: /\bprocess\.env\b/, only: ['cli/'], instead: 'read it in cli/ and pass it down' },
  { pattern: /\bconsole\./, only: ['cli/'], instead: 'use a Logger (shared/log.ts)' },
  { pattern: /\bprocess\.exit\(/, only: ['cli/'], instead: 'throw, and let cli/ choose the exit status' },
  {
    pattern: /\bMath\.random\(/,
    only: ['shared/client/backoff.ts'],
    instead: 'use node:crypto, or take it as an argument',
  },
  {
    pattern: /\bmkdir(Sync)?\(/,
    // user_file.ts makes one folder, step by step and owner by owner.
    only: ['shared/make_with_parents.ts', 'minion/lib/ssh/user_file.ts'],
    instead: 'use makeWithParents (shared/make_with_parents.ts); a recursive mkdir never ends below /proc',
  },
];

const LINES_MAX = 400;
const FORBIDDEN_NAMES = /^(utils?|helpers?|types?|index|common|misc|shared)\.ts$/;
/** May only fall. */
const SUPPRESSIONS_MAX = 12;

const inside = (path: string, places: readonly string[]): boolean => places.some((place) => path.startsWith(place));

function arrowViolations({ path, imports }: Source): string[] {
  const folder = path.split('/')[0] ?? '';
  const allowed = arrows[folder];
  return imports.flatMap(({ file, line }) => {
    const target = file?.split('/')[0];
    if (allowed === undefined || target === undefined || allowed.includes(target)) return [];
    return [`${path}:${line}: ${folder} must not import ${target} (${file}); move what both need to shared`];
  });
}

function packageViolations({ path, imports }: Source): string[] {
  return imports.flatMap(({ specifier, names, line, typeOnly }) =>
    packages
      .filter(({ name }) => !typeOnly && name.test(specifier))
      .filter(({ only, harmless }) => !inside(path, only) && harmless?.test(names) !== true)
      .map(({ only, instead }) => `${path}:${line}: ${specifier} belongs to ${only.join(', ')}; ${instead}`),
  );
}

function wordViolations({ path, code }: Source): string[] {
  return code.flatMap((text, index) =>
    words
      .filter(({ pattern, only }) => pattern.test(text) && !inside(path, only))
      .map(({ only, instead }) => `${path}:${index + 1}: '${text.trim()}' belongs to ${only.join(', ')}; ${instead}`),
  );
}

function formViolations({ path, text }: Source): string[] {
  const lines = text.split('\n');
  return [
    ...(lines.length > LINES_MAX + 1
      ? [`${path}:${LINES_MAX + 1}: longer than ${LINES_MAX} lines; split it where it has two subjects`]
      : []),
    ...(FORBIDDEN_NAMES.test(basename(path)) ? [`${path}: says nothing; name the file after its main export`] : []),
    ...lines.flatMap((line, index) => lineViolations(line).map((what) => `${path}:${index + 1}: ${what}`)),
  ];
}

function lineViolations(line: string): string[] {
  const found: string[] = [];
  // Put together so that this file does not accuse itself.
  if (new RegExp(`\\b(${'TO'}${'DO'}|${'FIX'}${'ME'})\\b(?!\\(#\\d+\\))`).test(line)) {
    found.push('a note to do something needs its issue, such as (#12)');
  }
  if (/^\s*\/\/ biome-ignore/.test(line) && !/biome-ignore [\w/ ]+: .{10,}/.test(line)) {
    found.push('say after the colon why the rule does not fit here');
  }
  return found;
}

const sources = readSources(everything);
const productSources = sources.filter(({ path }) => product.includes(path.split('/')[0] ?? ''));

describe('the tree', () => {
  test('has product files to judge', () => {
    expect(productSources.length).toBeGreaterThan(30);
    expect(productSources.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  test('imports only along the arrows: shared, then broker, then master or minion, then cli', () => {
    expect(productSources.flatMap(arrowViolations)).toEqual([]);
  });

  test('could publish shared/render by itself: it imports nothing from the rest, and no package', () => {
    const isInside = (path: string): boolean => path.startsWith('shared/render/');
    const sources = productSources.filter(({ path }) => isInside(path));
    expect(sources.length).toBeGreaterThan(100);
    const strangers = sources.flatMap(({ path, imports }) =>
      imports.flatMap(({ file, specifier, line }) => {
        const isOwn = file === undefined ? specifier.startsWith('node:') : isInside(file);
        return isOwn ? [] : [`${path}:${line}: ${specifier}`];
      }),
    );
    expect(strangers).toEqual([]);
  });

  test('imports each outside package only where it can be replaced', () => {
    expect(productSources.flatMap(packageViolations)).toEqual([]);
  });

  test('touches the clock, processes, the environment, the terminal and mkdir only in named files', () => {
    expect(productSources.flatMap(wordViolations)).toEqual([]);
  });

  test('has no cycle among the imports of run time', () => {
    expect(findCycle(productSources)?.join(' -> ')).toBeUndefined();
  });

  test('has short files with names that say something, and no note without an issue', () => {
    expect(sources.flatMap(formViolations)).toEqual([]);
  });

  test('switches lint rules off no oftener than before', () => {
    const places = productSources.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (/^\s*\/\/ biome-ignore/.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(places.length, `lower SUPPRESSIONS_MAX or mend one of:\n${places.join('\n')}`).toBeLessThanOrEqual(
      SUPPRESSIONS_MAX,
    );
  });
});

describe('the rules', () => {
  const parse = (path: string, ...lines: string[]): Source => parseSource(path, lines.join('\n'));

  test('find an import against the arrows, also one of types and one that is made late', () => {
    const source = parse(
      'minion/x.ts',
      "import { a } from '../master/a.ts';",
      "import type { B } from '../cli/b.ts';",
      "const c = await import('../master/c.ts');",
      "import { d } from '../broker/d.ts';",
    );
    expect(arrowViolations(source)).toEqual([
      'minion/x.ts:1: minion must not import master (master/a.ts); move what both need to shared',
      'minion/x.ts:2: minion must not import cli (cli/b.ts); move what both need to shared',
      'minion/x.ts:3: minion must not import master (master/c.ts); move what both need to shared',
    ]);
  });

  test('find an import that goes over several lines', () => {
    const source = parse('shared/x.ts', 'import {', '  a,', '  b,', "} from '../broker/a.ts';");
    expect(arrowViolations(source)).toHaveLength(1);
  });

  test('find a package out of place, but not its types', () => {
    const source = parse('master/x.ts', "import { Aedes } from 'aedes';", "import type { Client } from 'aedes';");
    expect(packageViolations(source)).toEqual([
      'master/x.ts:1: aedes belongs to broker/; use the interface in broker/broker.ts',
    ]);
    expect(packageViolations(parse('broker/x.ts', "import { Aedes } from 'aedes';"))).toEqual([]);
    expect(packageViolations(parse('master/x.ts', "import { isIP } from 'node:net';"))).toEqual([]);
    expect(packageViolations(parse('master/x.ts', "import { connect, isIP } from 'node:net';"))).toHaveLength(1);
  });

  test('find a word out of place, but not in a comment', () => {
    const source = parse('master/x.ts', '// Date.now() is not used', ' * Date.now()', 'const a = Date.now();');
    expect(wordViolations(source)).toEqual([
      "master/x.ts:2: '* Date.now()' belongs to shared/clock.ts, minion/lib/platform.ts; take a Clock (shared/clock.ts) as an argument",
      "master/x.ts:3: 'const a = Date.now();' belongs to shared/clock.ts, minion/lib/platform.ts; take a Clock (shared/clock.ts) as an argument",
    ]);
    expect(
      wordViolations(parse('master/x.ts', '/**', ' * console.log(1)', ' */', 'const a = 1; // console.log(2)')),
    ).toEqual([]);
  });

  test('find a cycle of run time and leave one of types alone', () => {
    const a = parse('shared/a.ts', "import { b } from './b.ts';");
    const b = parse('shared/b.ts', "import { c } from './c.ts';");
    expect(findCycle([a, b, parse('shared/c.ts', "import { a } from './a.ts';")])).toEqual([
      'shared/a.ts',
      'shared/b.ts',
      'shared/c.ts',
      'shared/a.ts',
    ]);
    expect(findCycle([a, b, parse('shared/c.ts', "import type { A } from './a.ts';")])).toBeUndefined();
  });

  test('find long files, empty names, notes without an issue and silent suppressions', () => {
    const note = `// ${'TO'}DO mend`;
    expect(formViolations(parse('shared/utils.ts', note, `${note.replace(' mend', '(#12) mend')}`))).toHaveLength(2);
    expect(formViolations(parse('shared/a.ts', ...Array<string>(LINES_MAX + 1).fill('x'), ''))).toHaveLength(1);
    expect(formViolations(parse('shared/a.ts', '// biome-ignore lint/style/x: no'))).toHaveLength(1);
  });
});
