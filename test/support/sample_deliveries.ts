import { silentLogger } from '../../shared/log.ts';
import type { ReturnerDeps, StoredReturn } from '../../shared/plugin/returner.ts';
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
