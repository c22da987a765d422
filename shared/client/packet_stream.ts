import type { Duplex } from 'node:stream';
import { createPacketReader, type IncomingPacket } from './packets.ts';

/** Packets over a stream, of which those of one moment go in one write. */
export interface PacketStream {
  /** `written` is called when it was handed to the system; never, when the stream ends before. */
  send(packet: Buffer, written?: () => void): void;
  /** Something was sent since this was last asked. */
  hasSent(): boolean;
  /** Sends what is left, and ends the stream; what still comes is dropped. */
  end(): void;
}

/**
 * `take` is given one packet after another: the next when it is done with the one before, and until then nothing is read.
 * What it throws ends the stream.
 */
export function createPacketStream(
  stream: Duplex,
  take: (packet: IncomingPacket) => void | Promise<void>,
): PacketStream {
  const reader = createPacketReader();
  let outgoing: Buffer[] = [];
  let told: (() => void)[] = [];
  let isTaking = false;
  let isEnded = false;
  let isSent = false;

  const fail = (error: unknown): void => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  const goOn = (): void => {
    isTaking = false;
    takeAll();
    if (!isTaking && stream.isPaused()) stream.resume();
  };
  function takeAll(): void {
    try {
      while (!isTaking && !isEnded && !stream.destroyed) {
        const packet = reader.next();
        if (packet === undefined) return;
        const taken = take(packet);
        if (taken === undefined) continue;
        isTaking = true;
        taken.then(goOn, fail);
      }
    } catch (error) {
      fail(error);
    }
  }
  stream.on('data', (bytes: Buffer) => {
    if (isEnded) return;
    reader.push(bytes);
    if (isTaking) stream.pause();
    else takeAll();
  });

  const flush = (): void => {
    if (outgoing.length === 0 || !stream.writable) return;
    const bytes = outgoing.length === 1 ? (outgoing[0] as Buffer) : Buffer.concat(outgoing);
    const waiting = told;
    outgoing = [];
    told = [];
    isSent = true;
    if (waiting.length === 0) stream.write(bytes);
    else stream.write(bytes, (error) => (error ? undefined : callAll(waiting)));
  };
  return {
    send(packet, written) {
      // After all that is done at once, and what follows from it.
      if (outgoing.length === 0) process.nextTick(flush);
      outgoing.push(packet);
      if (written !== undefined) told.push(written);
    },
    hasSent() {
      const was = isSent;
      isSent = false;
      return was;
    },
    end() {
      flush();
      isEnded = true;
      stream.end();
      // Whoever reads nothing does not hear that the other side ended, either.
      stream.resume();
    },
  };
}

function callAll(functions: readonly (() => void)[]): void {
  for (const each of functions) each();
}
