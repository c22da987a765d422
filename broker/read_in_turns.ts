import type { Socket } from 'node:net';
import type { TakeTurn } from '../shared/pace.ts';
import type { PacketParser } from './aedes_internals.ts';

/**
 * Aedes reads all that came on a connection when it is told of it, and handles it at once; of a thousand connections that
 * have something to say at the same time, or that end, that is one turn of the event loop. Here each waits for its turn. What
 * waits stays in the socket, and its end takes its turn after it, so that it is not told before all was read.
 */
export function readInTurns(socket: Socket, parser: PacketParser, takeTurn: TakeTurn): void {
  const read = socket.read.bind(socket) as (size?: number | null) => Buffer | null;
  let isWaiting = false;
  const readNow = (): void => {
    isWaiting = false;
    const bytes = read(null);
    if (bytes !== null) parser.parse(bytes);
  };
  // Only Aedes asks with null; Node.js itself asks for numbers, or for nothing. What is empty has to be asked to tell of more.
  socket.read = (size?: number | null) => {
    if (size !== null || socket.readableLength === 0) return read(size);
    if (!isWaiting) {
      isWaiting = true;
      takeTurn(readNow);
    }
    return null;
  };
  const push = socket.push.bind(socket);
  const endNow = (): void => {
    if (socket.destroyed) return;
    push(null);
    // As Node.js does: it is told where nobody waits for more.
    read(0);
  };
  // Node.js pushes null when the peer has ended: to answer that, and to take TLS down, is most of what an end takes.
  socket.push = (bytes: unknown, encoding?: BufferEncoding) => {
    if (bytes !== null) return push(bytes, encoding);
    takeTurn(endNow);
    return false;
  };
}
