import { holdSocket } from '../../broker/unix_socket.ts';
import { LocalEvent } from '../../shared/protocol/messages/event.ts';
import { loopbackSocket } from './claim_socket.ts';
import type { OwnBus, OwnBusOptions } from './own_bus.ts';

/**
 * A bus within this process: no broker, and nobody else may join. The socket is held all the same, for it tells a
 * second minion on the same directories that it must not start.
 */
export async function openQuietBus({ sockDir, heard }: OwnBusOptions): Promise<OwnBus> {
  const socket = await holdSocket(loopbackSocket(sockDir));
  return {
    fire(tag, data) {
      // What a bus with a broker refuses is refused here, too.
      LocalEvent.encode({ tag }, data, 'json');
      heard(tag, data);
    },
    addresses: [],
    close: socket.close,
  };
}
