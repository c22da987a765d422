import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Clock } from '../shared/clock.ts';
import type { TakeTurn } from '../shared/pace.ts';

/**
 * TLS begins with the first bytes of the client, which are in the socket by then. Node.js makes the buffer that it reads
 * encrypted bytes into as large as what comes first, and at least 1 KiB; of a socket that it has to ask for them, it is
 * 64 KiB, for as long as the connection lasts ([0027](../docs/decisions/0027_tls_begins_with_the_first_bytes.md)). Who
 * connects and says nothing costs no TLS at all, and is gone after `timeoutMs`. To answer the first bytes is most of a
 * handshake, and is done in turns: however many come together, the event loop is with others in between.
 */
export function secureWhenItSpeaks(
  server: TlsServer,
  socket: Socket,
  { clock, timeoutMs, takeTurn }: { readonly clock: Clock; readonly timeoutMs: number; readonly takeTurn: TakeTurn },
): void {
  const giveUp = (): void => void socket.destroy();
  const patience = clock.after(timeoutMs, giveUp);
  const stop = (): void => patience.stop();
  socket.on('error', giveUp).once('close', stop);
  // Also told of its end: what has none to read is over.
  socket.once('readable', () => {
    if (socket.readableLength === 0) return giveUp();
    stop();
    socket.off('close', stop);
    takeTurn(() => {
      if (socket.destroyed) return;
      socket.off('error', giveUp);
      server.emit('connection', socket);
    });
  });
}
