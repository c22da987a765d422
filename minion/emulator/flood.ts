import type { Clock, Timer } from '../../shared/clock.ts';
import { Fire } from '../../shared/protocol/messages/event.ts';
import type { Send } from './faulty_send.ts';

const TICK_MS = 10;
/** Ten times of what a master takes of one minion. */
const EVENTS_PER_TICK = 20;
/** Sent and not acknowledged: beyond that it would be the emulator whose memory is flooded. */
const UNDER_WAY_MAX = 2000;

/** Sends `emulated/flood` past the outbox, which would keep to the pace of the master. */
export function startFlood(id: string, send: Send, clock: Clock): Timer {
  let underWay = 0;
  let n = 0;
  const settled = (): void => {
    underWay--;
  };
  return clock.every(TICK_MS, () => {
    for (let count = 0; count < EVENTS_PER_TICK && underWay < UNDER_WAY_MAX; count++) {
      underWay++;
      send(Fire.encode({ id, tag: 'emulated/flood' }, { n: n++ })).then(settled, settled);
    }
  });
}
