import { describe, expect, test } from 'vitest';
import { parseListFile, parseSourcesFile, readAptSources } from '../../../../../../minion/lib/pkg/apt/apt_sources.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';

describe('one-line sources', () => {
  test('options, components and comments are told apart', () => {
    const line =
      'deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/x.gpg] https://x.org/apt stable main contrib # why';
    expect(parseListFile(`\n# plain words\n${line}\n`, '/f')).toEqual([
      {
        file: '/f',
        line,
        type: 'deb',
        uri: 'https://x.org/apt',
        dist: 'stable',
        comps: ['main', 'contrib'],
        disabled: false,
        architectures: ['amd64', 'arm64'],
        signedby: '/usr/share/keyrings/x.gpg',
      },
    ]);
  });

  test('a source that is commented out is disabled', () => {
    const sources = parseListFile('# deb-src http://deb.debian.org/debian bookworm main\ndeb file:/srv/apt ./\n', '/f');
    expect(sources.map(({ type, uri, dist, disabled }) => [type, uri, dist, disabled])).toEqual([
      ['deb-src', 'http://deb.debian.org/debian', 'bookworm', true],
      ['deb', 'file:/srv/apt', './', false],
    ]);
  });
});

test('a paragraph stands for each combination of type, address and suite', () => {
  const text = `# comment
Types: deb deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://x
Suites: y/
`;
  const sources = parseSourcesFile(text, '/f');
  expect(sources.map(({ line, disabled }) => [line, disabled])).toEqual([
    ['deb http://deb.debian.org/debian bookworm main contrib', false],
    ['deb http://deb.debian.org/debian bookworm-updates main contrib', false],
    ['deb-src http://deb.debian.org/debian bookworm main contrib', false],
    ['deb-src http://deb.debian.org/debian bookworm-updates main contrib', false],
    ['deb http://x y/', true],
  ]);
  expect(sources[0]?.signedby).toBe('/usr/share/keyrings/debian-archive-keyring.gpg');
});

test('files are read in the order of apt, and others than .list and .sources are not', async () => {
  const root = await fixtureRoot({
    'etc/apt/sources.list': 'deb http://a a\n',
    'etc/apt/sources.list.d/z.list': 'deb http://z z\n',
    'etc/apt/sources.list.d/b.sources': 'Types: deb\nURIs: http://b\nSuites: b\n',
    'etc/apt/sources.list.d/c.list.save': 'deb http://c c\n',
  });
  expect((await readAptSources(root)).map(({ uri }) => uri)).toEqual(['http://a', 'http://b', 'http://z']);
  expect(await readAptSources(await fixtureRoot({}))).toEqual([]);
});
