import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/source_tree.ts';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const guides = readdirSync(join(repositoryRoot, 'docs/guide')).map((name) => `docs/guide/${name}`);

const units = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800, KiB: 1024, MiB: 1_048_576 };
const NAMED = /`([a-z_]+)` \((an?|\d+) (second|minute|hour|day|week|KiB|MiB)s?\b/g;

/** Every default that stands behind its setting in a guide: `job_timeout` (a day). */
const named = guides.flatMap((path) =>
  [...read(path).replaceAll('\n', ' ').matchAll(NAMED)].map(([text, setting = '', count = '', unit = '']) => ({
    path,
    text,
    setting,
    value: (Number(count) || 1) * units[unit as keyof typeof units],
  })),
);

test.each(named)('$path: $text)', ({ setting, value }) => {
  const defaults = ['config/master.yaml', 'config/minion.yaml'].flatMap((path) =>
    [...read(path).matchAll(/^#?([a-z_]+): (.*)$/gm)].flatMap(([, key, text]) => (key === setting ? [text] : [])),
  );
  expect(defaults).toContain(String(value));
});
