import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { FleetError } from '../../../../shared/errors.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../../../shared/plugin/load_folder.ts';
import {
  createReturnerOpener,
  type Destination,
  destinationsOf,
  type ReturnerConfig,
} from '../../../../shared/plugin/open_returner.ts';
import { type AnyReturner, defineReturner, setting } from '../../../../shared/plugin/returner.ts';
import { returnerDeps } from '../../../support/sample_deliveries.ts';

/** Opens `destination` of a returner that writes its settings down. */
async function open(destination: Destination, config: Partial<ReturnerConfig> = {}): Promise<unknown> {
  const opened: unknown[] = [];
  const sink = defineReturner({
    summary: 'Writes down how it was opened.',
    config: {
      host: setting(v.string('must be text'), 'The server.'),
      level: setting(v.optional(v.string(), 'info'), 'The level.'),
    },
    perJob: ['level'],
    async open(settings) {
      opened.push(settings);
      return { store: async () => undefined, close: async () => undefined };
    },
  });
  const folder: PluginFolder<AnyReturner> = {
    names: ['sink'],
    load: async (name) => (name === 'sink' ? sink : undefined),
    rescan: () => undefined,
  };
  const opener = createReturnerOpener({
    folder,
    config: { returners: { sink: { host: 'a' } }, disable_returners: [], ...config },
    deps: returnerDeps(),
  });
  await opener(destination);
  return opened[0];
}

async function refusal(destination: Destination, config: Partial<ReturnerConfig> = {}): Promise<string> {
  const error: unknown = await open(destination, config).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FleetError);
  const { code, message, hint } = error as FleetError;
  expect(code).toBe('CONFIG_INVALID');
  return `${message}; ${hint}`;
}

describe('the settings of a returner', () => {
  test('are those of its name, with its defaults', async () => {
    expect(await open({ returner: 'sink' })).toEqual({ host: 'a', level: 'info' });
  });

  test('are laid over by those of ret_config, and these by those of the job', async () => {
    const returners = { sink: { host: 'a', level: 'err' }, 'far.sink': { host: 'b' } };
    expect(await open({ returner: 'sink', ret_config: 'far' }, { returners })).toEqual({ host: 'b', level: 'err' });
    const destination = { returner: 'sink', ret_config: 'far', ret_kwargs: { level: 'debug' } };
    expect(await open(destination, { returners })).toEqual({ host: 'b', level: 'debug' });
  });

  test('are refused with what is wrong and what it means', async () => {
    expect(await refusal({ returner: 'sink' }, { returners: {} })).toMatch(
      /^returners: sink: host: .*; host: The server\.$/,
    );
    expect(await refusal({ returner: 'sink' }, { returners: { sink: { host: 'a', levle: 'x' } } })).toBe(
      'returners: sink: there is no setting levle; did you mean level',
    );
    expect(await refusal({ returner: 'sink', ret_config: 'far' })).toBe(
      "there are no settings 'far.sink' in returners; write them there, or leave out ret_config: far",
    );
  });

  test('of a place cannot be chosen by a job', async () => {
    expect(await refusal({ returner: 'sink', ret_kwargs: { host: 'evil' } })).toBe(
      "ret_kwargs of the returner 'sink' must not set host; a job may set level",
    );
    expect(await refusal({ returner: 'sink', ret_kwargs: { toString: 'evil' } })).toContain('must not set toString');
  });
});

describe('a returner that is not there', () => {
  test('is named, with the one that may have been meant', async () => {
    expect(await refusal({ returner: 'sinc' })).toBe("there is no returner 'sinc'; did you mean sink");
    expect(await refusal({ returner: 'constructor' })).toBe("there is no returner 'constructor'; there are sink");
  });

  test('may be there and disabled', async () => {
    expect(await refusal({ returner: 'sink' }, { disable_returners: ['sink'] })).toBe(
      "the returner 'sink' is disabled; take it out of disable_returners",
    );
  });
});

describe('the names of --return', () => {
  test('are separated by commas, each once, with what else the job says', () => {
    expect(destinationsOf('a, b,a,')).toEqual([{ returner: 'a' }, { returner: 'b' }]);
    expect(destinationsOf(['a'], { ret_config: 'far', ret_kwargs: { level: 'x' } })).toEqual([
      { returner: 'a', ret_config: 'far', ret_kwargs: { level: 'x' } },
    ]);
    expect(destinationsOf('a', { ret_config: '', ret_kwargs: {} })).toEqual([{ returner: 'a' }]);
    expect(destinationsOf(undefined)).toEqual([]);
    expect(destinationsOf('')).toEqual([]);
  });

  test('cannot lead out of the folder of returners', async () => {
    expect(await loadFolder(programFolder('shared/returners')).load(join('..', 'clock'))).toBeUndefined();
  });
});
