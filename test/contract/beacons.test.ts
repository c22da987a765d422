import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { AnyBeacon } from '../../minion/beacon.ts';
import { coreBeacons } from '../../minion/beacons.ts';
import { BeaconCommon, readBeacon } from '../../minion/lib/beacon/beacon_settings.ts';
import { fakeContext } from '../support/fake_context.ts';
import { fixtureRoot } from '../support/fixture_root.ts';

const folder = coreBeacons();
const beacons = await Promise.all(folder.names.map(async (name) => [name, await load(name)] as const));

async function load(name: string): Promise<AnyBeacon> {
  return (await folder.load(name)) as AnyBeacon;
}

/** Whatever it is that a beacon needs of its machine: here it is. */
const folderAnywhere = (name: string, spec: AnyBeacon) => ({
  ...folder,
  load: async (wanted: string) => (wanted === name ? { ...spec, unavailable: () => undefined } : undefined),
});

test('there are beacons to walk', () => {
  expect(folder.names).toContain('load');
});

/** What every beacon keeps, the next one too: nobody adds it to a list. */
describe.each(beacons)('minion/beacons/%s.ts', (name, spec) => {
  const read = (value: unknown) => readBeacon(name, value, folderAnywhere(name, spec), fakeContext());

  test('says what it is for, and what its events have', () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    expect(Object.keys(spec.data)).not.toEqual([]);
    for (const meaning of Object.values(spec.data)) expect(meaning).toMatch(/^\S.*[^.\s]$/);
  });

  test('has an example that it takes, with Salt’s list of single keys', async () => {
    for (const item of spec.example) expect(Object.keys(item)).toHaveLength(1);
    await expect(read(spec.example)).resolves.toMatchObject({ spec: { summary: spec.summary } });
  });

  test('takes the keys of every beacon, and says which of them is wrong', async () => {
    const common = { interval: 5, onchangeonly: true, emitatstartup: false, delay: 1, disable_during_state_run: true };
    await expect(read([...spec.example, common])).resolves.toMatchObject({ common });
    await expect(read([...spec.example, { interval: 'soon' }])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`beacons: ${name}: interval: must be a number`),
    });
  });

  test('has no key of its own that every beacon has', () => {
    const own = 'entries' in spec.config ? Object.keys(spec.config.entries as object) : [];
    expect(own.filter((key) => key in BeaconCommon.entries)).toEqual([]);
    for (const key of own) expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  test('refuses a configuration of a wrong shape with its name in one line', async () => {
    await expect(read('text')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const result = v.safeParse(spec.config, { no_such_key: { no_such_key: [[]] } });
    expect(result.success).toBe(false);
    await expect(read([{ no_such_key: { no_such_key: [[]] } }])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`^beacons: ${name}: [^\n]+$`)),
    });
  });

  test('says why it cannot work on a machine that has nothing, or works there', async () => {
    const reason = spec.unavailable?.(fakeContext({ root: await fixtureRoot({}) }));
    if (reason !== undefined) expect(reason).toMatch(/^\S.*[^.\s]$/);
  });
});
