import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';

/** The sockets with which a minion tries whether another machine can be reached. */

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** True when a TCP connection comes about. */
export function reachesByTcp({ address, port, timeoutMs }: ProbeTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const finish = (isReached: boolean) => {
      socket.destroy();
      resolve(isReached);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

/** True when a datagram is answered: UDP has no other sign that somebody listens. */
export function reachesByUdp({ address, port, timeoutMs }: ProbeTarget, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const timer = clock.after(timeoutMs, () => finish(false));
    const finish = (isReached: boolean) => {
      timer.stop();
      socket.close();
      resolve(isReached);
    };
    socket.once('message', () => finish(true));
    socket.once('error', () => finish(false));
    // Connected, so that a refusal by ICMP is an error at once.
    socket.connect(port, address, () => socket.send(randomBytes(16).toString('hex')));
  });
}

/** Sends one datagram to all machines of a network; what went wrong, or undefined. */
export function broadcast(packet: Uint8Array, address: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (error: Error | null) => {
      socket.close();
      resolve(error ?? undefined);
    };
    socket.once('error', finish);
    socket.bind(0, () => {
      socket.setBroadcast(true);
      socket.send(packet, port, address, finish);
    });
  });
}
