import { FleetError } from '../errors.ts';
import { type IncomingPacket, readUint16 } from './packets.ts';

/** The greatest packet identifier [MQTT-2.3.1]. */
const MID_MAX = 0xffff;

/** What was asked of the broker on one connection, and not answered yet. */
export interface UnderWay {
  /**
   * Resolves when it is answered by a packet of that type: `ask` is given the packet identifier. Rejects with what `refuse`
   * was told or `refusalIn` finds in the answer, and when the connection ends before.
   */
  request(
    answer: number,
    ask: (mid: number) => void,
    refusalIn?: (body: Buffer) => FleetError | undefined,
  ): Promise<void>;
  /** The same for what the broker does not answer: `ask` is given what to call when it is written. */
  write(ask: (written: () => void) => void): Promise<void>;
  /** Throws when it answers something else. */
  answer(packet: IncomingPacket): void;
  refuse(mid: number, error: FleetError): void;
  /** Rejects all of it. */
  abandon(error: FleetError): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface Request {
  /** The type of the packet that answers it; undefined when none does. */
  readonly answer: number | undefined;
  readonly resolve: () => void;
  readonly reject: (error: FleetError) => void;
  readonly refusalIn?: ((body: Buffer) => FleetError | undefined) | undefined;
  refusal: FleetError | undefined;
}

export function createUnderWay(): UnderWay {
  /** By packet identifier; what has none has a greater number. */
  const requests = new Map<number, Request>();
  let lastMid = 0;
  let lastWrite = MID_MAX;
  let whenIdle: (() => void) | undefined;

  const nextMid = (): number => {
    do lastMid = lastMid === MID_MAX ? 1 : lastMid + 1;
    while (requests.has(lastMid));
    return lastMid;
  };
  const settle = (number: number, { resolve, reject }: Request, refusal: FleetError | undefined): void => {
    requests.delete(number);
    if (refusal === undefined) resolve();
    else reject(refusal);
    if (requests.size === 0) whenIdle?.();
  };
  return {
    request: (answer, ask, refusalIn) =>
      new Promise((resolve, reject) => {
        if (requests.size >= MID_MAX) return reject(new FleetError('LIMIT_EXCEEDED', 'too much is under way'));
        const mid = nextMid();
        requests.set(mid, { answer, resolve, reject, refusalIn, refusal: undefined });
        ask(mid);
      }),
    write: (ask) =>
      new Promise((resolve, reject) => {
        const number = ++lastWrite;
        const request = { answer: undefined, resolve, reject, refusal: undefined };
        requests.set(number, request);
        ask(() => settle(number, request, undefined));
      }),
    answer({ type, body }) {
      const mid = readUint16(body, 0);
      const request = requests.get(mid);
      if (request === undefined) return;
      if (request.answer !== type) throw new Error(`a packet of type ${type} answers another`);
      settle(mid, request, request.refusal ?? request.refusalIn?.(body));
    },
    refuse(mid, error) {
      const request = requests.get(mid);
      if (request !== undefined) request.refusal = error;
    },
    abandon(error) {
      for (const [number, request] of requests) settle(number, request, error);
    },
    idle: () =>
      requests.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            whenIdle = resolve;
          }),
  };
}
