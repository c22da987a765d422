import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/source_tree.ts';

const text = readFileSync(join(repositoryRoot, 'config/docker/Dockerfile'), 'utf8');
const packageJson = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));

interface Stage {
  readonly name: string;
  readonly image: string;
  readonly steps: readonly { readonly word: string; readonly rest: string }[];
}

/** Its stages, each with its steps; comments and line ends within a step are gone. */
const stages: readonly Stage[] = text
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split(/^(?=FROM )/m)
  .map((part) => {
    const [from = '', ...lines] = part.split('\n').filter((line) => line.trim() !== '');
    const [, image = '', name = ''] = /^FROM (\S+) AS (\S+)$/.exec(from) ?? [];
    const steps = lines
      .map((line) => /^([A-Z]+) +(.*)$/.exec(line))
      .map((match) => ({
        word: match?.[1] ?? '',
        rest: match?.[2] ?? '',
      }));
    return { name, image, steps };
  });

function restsOf(stage: string, word: string): string[] {
  return (stages.find(({ name }) => name === stage)?.steps ?? []).flatMap((step) =>
    step.word === word ? [step.rest] : [],
  );
}

test('it builds a master and a minion, on a Node that the program runs on', () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'master', 'minion']);
  const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'VOLUME', 'EXPOSE', 'ENTRYPOINT', 'CMD'];
  expect(stages.flatMap(({ steps }) => steps.map(({ word }) => word)).filter((word) => !known.includes(word))).toEqual(
    [],
  );
  const [, least] = /(\d+)/.exec(packageJson.engines.node) ?? [];
  for (const { image } of stages) {
    const major = Number(/^node:(\d+)-/.exec(image)?.[1]);
    expect(major, image).toBeGreaterThan(Number(least));
  }
});

test('what it copies is there, and what it runs are scripts of the package', () => {
  const copied = restsOf('build', 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(copied.length).toBeGreaterThan(2);
  expect(copied.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
  const scripts = restsOf('build', 'RUN').flatMap((rest) =>
    [...rest.matchAll(/npm run (\S+)/g)].map(([, name]) => name),
  );
  expect(scripts).toEqual(['build', 'bundle:minion']);
  expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(scripts));
});

test('each image starts a program that it has; the keys and all that must not be lost are on volumes', () => {
  const programs = Object.keys(packageJson.bin);
  const [links = ''] = restsOf('master', 'RUN');
  const linked = (/for name in ([\w -]+);/.exec(links)?.[1] ?? '').split(' ');
  expect(linked.filter((name) => !programs.includes(name))).toEqual([]);
  expect(restsOf('master', 'ENTRYPOINT')).toEqual(['["salt-master"]']);
  expect(linked).toContain('salt-master');
  expect(restsOf('minion', 'ENTRYPOINT')).toEqual(['["salt-minion"]']);
  expect(restsOf('minion', 'COPY')).toEqual([
    '--from=build /opt/brine/dist/bundle/salt-minion.cjs /usr/local/bin/salt-minion',
  ]);
  for (const stage of ['master', 'minion']) {
    expect(restsOf(stage, 'VOLUME').map((rest) => JSON.parse(rest))).toEqual([['/etc/salt', '/var/cache/salt']]);
  }
});
