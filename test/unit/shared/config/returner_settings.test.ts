import { expect, test } from 'vitest';
import { masterReturnerSettings, minionReturnerSettings } from '../../../../shared/config/returner_settings.ts';

test('returners are named as Salt names them: one, several with commas, a list, or none', () => {
  for (const { format } of [
    minionReturnerSettings.return,
    masterReturnerSettings.ext_job_cache,
    masterReturnerSettings.event_return,
  ]) {
    expect(format.read('jsonl')).toEqual(['jsonl']);
    expect(format.read('jsonl, http')).toEqual(['jsonl', 'http']);
    expect(format.read(['jsonl'])).toEqual(['jsonl']);
    expect(format.read('')).toEqual([]);
    expect(format.read({ jsonl: {} })).toBeUndefined();
    expect(format.read(format.read('jsonl,http'))).toEqual(['jsonl', 'http']);
  }
});

test('settings of returners are mappings by name', () => {
  const { format } = masterReturnerSettings.returners;
  expect(format.read({ postgres: { host: 'a' } })).toEqual({ postgres: { host: 'a' } });
  expect(format.read({ postgres: 'a' })).toBeUndefined();
});
