import {
  connectOperator,
  type OperatorClient,
  type OperatorRequestBody,
  type OperatorStep,
} from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';

const FIRST_ANSWER_MS = 60_000;
/** Operators at a time, and requests after which one goes and another comes. */
const AT_A_TIME = 4;
const REQUESTS_MAX = 20;

export function openOperator(socketPath: string): Promise<OperatorClient> {
  return connectOperator({ socketPath, firstAnswerMs: FIRST_ANSWER_MS, clock: systemClock });
}

/** The value that a runner or wheel function gives. */
export async function call(client: OperatorClient, op: 'runner' | 'wheel', fun: string, arg: readonly unknown[] = []) {
  let value: unknown;
  for await (const step of client.request({ op, fun, arg })) if (step.t === 'value') value = step.value;
  return value;
}

/** Operators who come, ask for a while, and go. */
export interface Operators {
  /** By one of them, who hears each step until it answers false: then it goes, whatever is still to come. */
  ask(request: OperatorRequestBody, heard: (step: OperatorStep, client: OperatorClient) => boolean): Promise<void>;
  close(): Promise<void>;
}

interface Seat {
  readonly client: Promise<OperatorClient>;
  requests: number;
  open: number;
}

async function leave({ client }: Seat): Promise<void> {
  await (await client).close();
}

export function createOperators(socketPath: string): Operators {
  const seats: Seat[] = [];
  let turn = 0;
  const take = (): Seat => {
    const index = turn++ % AT_A_TIME;
    const seat = seats[index];
    if (seat !== undefined && seat.requests < REQUESTS_MAX) return seat;
    if (seat?.open === 0) void leave(seat);
    const fresh: Seat = { client: openOperator(socketPath), requests: 0, open: 0 };
    seats[index] = fresh;
    return fresh;
  };
  return {
    async ask(request, heard) {
      const seat = take();
      seat.requests++;
      seat.open++;
      const client = await seat.client;
      try {
        for await (const step of client.request(request)) if (!heard(step, client)) return;
      } finally {
        seat.open--;
        // The last to be answered closes the door, once nobody is sent there any more.
        if (seat.open === 0 && !seats.includes(seat)) await leave(seat);
      }
    },
    async close() {
      await Promise.all(seats.splice(0).map(leave));
    },
  };
}
