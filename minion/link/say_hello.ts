import * as v from 'valibot';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { MasterKeysPayload } from '../../shared/protocol/messages/keys.ts';
import type { MasterRequests } from '../context.ts';
import type { MasterClock } from './master_clock.ts';

/** Clocks that differ by more than this are worth a warning, seconds. */
const SKEW_WARNING_SECONDS = 5;
/** The answer to that request; a master may say more. */
const Hello = v.object({ time: v.number(), ...MasterKeysPayload.entries });

export interface HelloOptions extends MasterRequests {
  readonly masterClock: Pick<MasterClock, 'ask'>;
  readonly learn: (told: MasterKeysPayload) => Promise<unknown>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
}

/** Asks the master for its time and its present keys, once at a time; resolves when it has told them, or cannot. */
export function createHello({ ask, masterClock, learn, clock, log }: HelloOptions): () => Promise<void> {
  const hello = async (): Promise<void> => {
    const tellTime = masterClock.ask();
    const { time, ...told } = v.parse(Hello, await ask('hello', { time: nowSeconds(clock) }));
    warnOfSkew(log, tellTime(time));
    await learn(told);
  };
  let underWay: Promise<void> | undefined;
  return () => {
    underWay ??= hello()
      .catch((error: unknown) => log.warning('the master did not answer hello', { reason: errorLine(error) }))
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
}

function warnOfSkew(log: Logger, skewSeconds: number): void {
  if (Math.abs(skewSeconds) <= SKEW_WARNING_SECONDS) return;
  const where = skewSeconds > 0 ? 'behind' : 'ahead of';
  log.warning(`the clock of this machine is ${Math.abs(skewSeconds)} s ${where} the master's`, {
    do: 'set the clock; until then the expiry of jobs is judged by the time of the master',
  });
}
