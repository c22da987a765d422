import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { loadFolder, programFolder } from '../../shared/plugin/load_folder.ts';
import { createReturnerOpener } from '../../shared/plugin/open_returner.ts';
import type { AnyReturner } from '../../shared/plugin/returner.ts';
import { returnerDeps } from '../support/sample_deliveries.ts';

const folder = loadFolder<AnyReturner>(programFolder('shared/returners'));
const returners = await Promise.all(
  folder.names.map(async (name) => [name, (await folder.load(name)) as AnyReturner] as const),
);

const SENTENCES = /^\S.*\.$/;
/** What says where something goes, or is secret: a job must not choose it. */
const PLACE_OR_SECRET = /host|port|url|path|pass|token|key|cert|bundle|header|user|protocol|ssl/;

test('there are returners to walk', () => {
  expect(folder.names).toEqual(expect.arrayContaining(['http', 'jsonl', 'postgres', 'syslog']));
});

/** What every returner keeps, the next one too: nobody adds it to a list. */
describe.each(returners)('shared/returners/%s.ts', (name, spec) => {
  test('says what it is for', () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
  });

  test('has settings with names that YAML takes, each with what it means', () => {
    for (const [key, schema] of Object.entries(spec.config)) {
      expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(v.getDescription(schema), key).toMatch(SENTENCES);
    }
  });

  test('lets a job choose neither a place nor a secret', () => {
    for (const key of spec.perJob ?? []) {
      expect(Object.keys(spec.config)).toContain(key);
      expect(key).not.toMatch(PLACE_OR_SECRET);
    }
  });

  test('refuses a setting that it does not have, before it opens anything', async () => {
    const config = { returners: { [name]: { no_such_setting: 1 } }, disable_returners: [] };
    const opener = createReturnerOpener({ folder, config, deps: returnerDeps() });
    await expect(opener({ returner: name })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `returners: ${name}: there is no setting no_such_setting`,
    });
  });

  test('refuses a setting of a wrong type, before it opens anything', async () => {
    for (const key of Object.keys(spec.config)) {
      const config = { returners: { [name]: { [key]: [[]] } }, disable_returners: [] };
      const opener = createReturnerOpener({ folder, config, deps: returnerDeps() });
      await expect(opener({ returner: name }), key).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });
});
