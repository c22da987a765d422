import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCatalogue, findFunction } from '../../../minion/catalogue.ts';
import type { MinionContext } from '../../../minion/context.ts';
import { checkBlackout, readHold, refusedModule } from '../../../minion/guards.ts';
import type { ModuleSpec } from '../../../shared/plugin/function.ts';
import { fakeContext } from '../../support/fake_context.ts';

const grainsOf = (grains: Record<string, unknown> = {}) => ({ all: () => grains });
const changes = {};
const reads = { reads: true } as const;

describe('modules', () => {
  test.each([
    ['cmd', { disable_modules: ['cmd', 'file'] }, 'disable_modules of this minion names it'],
    ['test', { disable_modules: ['cmd'] }, undefined],
    ['cmd', { whitelist_modules: ['test'] }, 'whitelist_modules of this minion does not name it'],
    ['test', { whitelist_modules: ['test'] }, undefined],
    ['test', { whitelist_modules: ['test'], disable_modules: ['test'] }, 'disable_modules of this minion names it'],
    ['cmd', { whitelist_modules: [], disable_modules: [] }, undefined],
    ['cmd', {}, undefined],
  ])('%s under %j', (name, config, refusal) => expect(refusedModule(name, config)).toBe(refusal));

  test('a refused module is never loaded, and whoever calls it reads why', async () => {
    const loaded: string[] = [];
    const spec: ModuleSpec<MinionContext> = { summary: 'X.', functions: {} };
    const folder = {
      names: ['cmd'],
      async load(name: string) {
        loaded.push(name);
        return spec;
      },
      rescan: () => undefined,
    };
    const catalogue = createCatalogue(folder, () => fakeContext({ config: { disable_modules: ['cmd'] } }));
    await expect(findFunction(catalogue, 'cmd.run')).rejects.toThrow(
      "'cmd' __virtual__ returned False: disable_modules of this minion names it",
    );
    expect(loaded).toEqual([]);
  });
});

describe('a blackout', () => {
  const blackout = { minion_blackout: true };

  test('refuses what changes something and says how it is ended', () => {
    const permit = checkBlackout(blackout, grainsOf());
    expect(() => permit({ fun: 'cmd.run' }, changes)).toThrow('Minion in blackout mode: cmd.run is not allowed');
  });

  test.each([
    ['that only look', 'test.ping', reads, blackout, {}],
    ['that may end it', 'saltutil.refresh_pillar', changes, blackout, {}],
    ['of the whitelist', 'test.sleep', changes, { ...blackout, minion_blackout_whitelist: ['test.*'] }, {}],
    ['of the whitelist in grains', 'a.b', changes, blackout, { minion_blackout_whitelist: ['a.b'] }],
    ['when there is none', 'cmd.run', changes, { minion_blackout: false }, { minion_blackout: false }],
  ])('lets functions run %s', (_which, fun, spec, config, grains) => {
    expect(() => checkBlackout(config, grainsOf(grains))({ fun }, spec)).not.toThrow();
  });

  test('is declared by a grain as well, and over when the grain says so', () => {
    const grains: Record<string, unknown> = { minion_blackout: true };
    const permit = checkBlackout({ minion_blackout: false }, grainsOf(grains));
    expect(() => permit({ fun: 'cmd.run' }, changes)).toThrow('blackout');
    grains.minion_blackout = false;
    expect(() => permit({ fun: 'cmd.run' }, changes)).not.toThrow();
  });
});

describe('the hold file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'brine-guards-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('holds with its text, on one line and not without end', async () => {
    await writeFile(join(directory, 'hold'), 'disk is being replaced\n  ask Ada\n');
    expect(readHold(directory)).toBe('held: disk is being replaced ask Ada');
    await writeFile(join(directory, 'hold'), 'x'.repeat(5000));
    expect(readHold(directory)?.length).toBe(206);
  });

  test('holds without a text too', async () => {
    await writeFile(join(directory, 'hold'), '\n');
    expect(readHold(directory)).toBe(`held by ${directory}/hold`);
  });

  test('holds nothing when it is not there', async () => {
    expect(readHold(directory)).toBeUndefined();
    expect(readHold(join(directory, 'gone'))).toBeUndefined();
  });

  test('that cannot be read holds all the same', async () => {
    await mkdir(join(directory, 'hold'));
    expect(readHold(directory)).toBe(`held by ${directory}/hold (EISDIR)`);
  });
});
