import { onTestFinished } from 'vitest';
import { silentLogger } from '../../shared/log.ts';
import { loadFolder, programFolder } from '../../shared/plugin/load_folder.ts';
import { createReturnerOpener } from '../../shared/plugin/open_returner.ts';
import type { AnyReturner, OpenReturner, ReturnerDeps, StoredReturn } from '../../shared/plugin/returner.ts';
import type { Delivery } from '../../shared/plugin/returner_spool.ts';
import { fakeClock } from './fake_context.ts';

/** A return as returners get it. */
export function storedReturn(members: Partial<StoredReturn> = {}): StoredReturn {
  return {
    jid: '20260101000000000001',
    id: 'm1',
    fun: 'test.ping',
    fun_args: [],
    return: true,
    retcode: 0,
    success: true,
    ms: 1.5,
    user: 'root',
    _stamp: '2026-01-01T00:00:00.000000',
    ...members,
  };
}

export function returnDelivery(members: Partial<StoredReturn> = {}): Delivery {
  return { kind: 'return', value: storedReturn(members) };
}

/** For a returner that is opened by itself. */
export function returnerDeps(members: Partial<ReturnerDeps> = {}): ReturnerDeps {
  return { id: 'm1', root: '/', clock: fakeClock(), log: silentLogger, ...members };
}

/** A real returner with settings as they stand in a configuration, closed when the test is over. */
export async function openReturner(
  returner: string,
  settings: Readonly<Record<string, unknown>>,
  deps: Partial<ReturnerDeps> = {},
): Promise<OpenReturner> {
  const opener = createReturnerOpener({
    folder: loadFolder<AnyReturner>(programFolder('shared/returners')),
    config: { returners: { [returner]: settings }, disable_returners: [] },
    deps: returnerDeps(deps),
  });
  const opened = await opener({ returner });
  onTestFinished(() => opened.close());
  return opened;
}
