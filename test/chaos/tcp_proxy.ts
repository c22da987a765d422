import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** The network between a minion and its master, with everything that can go wrong with one. */
export interface TcpProxy {
  readonly port: number;
  /** Resets all connections, and every new one until `mend`. */
  cut(): void;
  /** Nothing gets through any more and nobody is told, until `mend`, which resets what hung. */
  stall(): void;
  /** Holds back whatever comes, both ways, for this long, until `mend`. */
  delay(delayMs: number): void;
  mend(): void;
  close(): Promise<void>;
}

type Condition = { readonly kind: 'fine' | 'cut' | 'stall' } | { readonly kind: 'delay'; readonly delayMs: number };

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let condition: Condition = { kind: 'fine' };
  const resetAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((near) => {
    if (condition.kind === 'cut') return void near.resetAndDestroy();
    const far = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    near.setNoDelay(true);
    join(near, far, sockets, () => condition);
    join(far, near, sockets, () => condition);
    return undefined;
  });
  const port = await listen(server);
  return {
    port,
    cut() {
      condition = { kind: 'cut' };
      resetAll();
    },
    stall() {
      condition = { kind: 'stall' };
    },
    delay(delayMs) {
      condition = { kind: 'delay', delayMs };
    },
    mend() {
      // What was held back is lost with its connection: TCP never leaves a hole in a stream.
      if (condition.kind === 'stall') resetAll();
      condition = { kind: 'fine' };
    },
    async close() {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * One direction: bytes stay in order, whatever the delay was when each came. Timers alone would not keep it: of two that
 * end in the same millisecond the later may come first.
 */
function join(from: Socket, to: Socket, sockets: Set<Socket>, condition: () => Condition): void {
  sockets.add(from);
  let turn = Promise.resolve();
  from.on('data', (bytes) => {
    const now = condition();
    if (now.kind === 'stall') return;
    const dueMs = performance.now() + (now.kind === 'delay' ? now.delayMs : 0);
    turn = turn.then(async () => {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await setTimeout(waitMs);
      if (!to.destroyed) to.write(bytes);
    });
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    sockets.delete(from);
    to.destroy();
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}
