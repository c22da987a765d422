import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Clock } from '../clock.ts';
import { FleetError, fromReport, systemErrorCode } from '../errors.ts';
import { connectReason, NO_ANSWER } from './connect_reason.ts';
import { type Connection, openConnection } from './connection.ts';

/** A request of an operator, as `OperatorRequest` of the message table checks it on the master. */
export type OperatorRequestBody = Readonly<Record<string, unknown>> & { readonly op: string };

/** One step of the answer; `OperatorResponse` of the message table says which there are. */
export interface OperatorStep {
  readonly t: string;
  readonly [member: string]: unknown;
}

/** An operator's connection to the master. JSON both ways: a command line must start fast, and CBOR is not for it. */
export interface OperatorClient {
  /**
   * Sends a request and yields its answer step by step, `end` left out; values that are too large for a step are fetched
   * and stand in their place. Throws what the master answers, MASTER_UNREACHABLE when the connection ends or nothing is
   * answered at all, MESSAGE_INVALID when a large value is not what the master says.
   */
  request(body: OperatorRequestBody): AsyncGenerator<OperatorStep>;
  close(): Promise<void>;
}

export interface OperatorClientOptions {
  readonly socketPath: string;
  /** How long the master may take to say anything at all, milliseconds. */
  readonly firstAnswerMs: number;
  readonly clock: Clock;
}

/** Throws MASTER_UNREACHABLE or NOT_PERMITTED with what to do. */
export async function connectOperator({
  socketPath,
  firstAnswerMs,
  clock,
}: OperatorClientOptions): Promise<OperatorClient> {
  const user = ownerOf(socketPath);
  const waiting = new Map<string, (step: OperatorStep) => void>();
  const over: string[] = [];
  const prefix = `salt/op/${user}/rsp/`;
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: socketPath },
    clientId: `cli-${process.pid}-${randomBytes(3).toString('hex')}`,
    keepaliveSeconds: 60,
    connectTimeoutMs: firstAnswerMs,
    received(topic, payload) {
      const put = waiting.get(topic.slice(prefix.length));
      const step = JSON.parse(Buffer.from(payload).toString()) as OperatorStep;
      if (step.t === 'some') for (const one of step.steps as OperatorStep[]) put?.(one);
      else put?.(step);
    },
  }).catch((error: unknown) => {
    const cause = error instanceof FleetError ? error.cause : undefined;
    if (systemErrorCode(cause) !== undefined) throw socketError(socketPath, cause);
    throw connectReason(cause) === NO_ANSWER ? notResponding() : error;
  });
  const client: OperatorClient = {
    async *request(body) {
      // With the next request and not at once: a command that asks one thing must not wait for it.
      const filters = over.splice(0);
      // Not awaited either; the broker takes it before the next subscription. A connection that ends says so below.
      if (filters.length > 0) connection.unsubscribe(filters).catch(() => undefined);
      const c = randomBytes(6).toString('base64url');
      const steps = stepQueue();
      waiting.set(c, steps.put);
      const patience = clock.after(firstAnswerMs, () => steps.fail(notResponding()));
      ask(connection, `salt/op/${user}`, c, body, steps.fail);
      try {
        for (;;) {
          const step = steps.take() ?? (await steps.next());
          patience.stop();
          if (step.t === 'end') return;
          if (step.t === 'error') throw fromReport(step.error as Parameters<typeof fromReport>[0]);
          yield step.parts === undefined ? step : await (await import('./fetch_parts.ts')).withParts(client, step);
        }
      } finally {
        patience.stop();
        waiting.delete(c);
        over.push(`${prefix}${c}`);
      }
    },
    close: () => connection.close(),
  };
  return client;
}

function ask(
  connection: Connection,
  topic: string,
  c: string,
  body: OperatorRequestBody,
  failed: (error: Error) => void,
): void {
  void connection.closed.then((reason) =>
    failed(new FleetError('MASTER_UNREACHABLE', `the master went away: ${reason}`)),
  );
  // Both go out at once; the broker handles them in order, so no answer can come before the subscription.
  // Answers that are not acknowledged: they come once, by this connection or not at all.
  connection.subscribe([`${topic}/rsp/${c}`], 0).catch(failed);
  const payload = Buffer.from(JSON.stringify({ ...body, gather: 'moment' }));
  connection.publish({ topic: `${topic}/req/${c}`, payload, qos: 1, retain: false }).catch(failed);
}

function stepQueue() {
  const ready: OperatorStep[] = [];
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  return {
    put(step: OperatorStep): void {
      ready.push(step);
      signal();
    },
    fail(error: Error): void {
      failure ??= error;
      signal();
    },
    take: (): OperatorStep | undefined => ready.shift(),
    async next(): Promise<OperatorStep> {
      while (ready.length === 0) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return ready.shift() as OperatorStep;
    },
  };
}

function notResponding(): FleetError {
  return new FleetError('MASTER_UNREACHABLE', 'Salt request timed out. The master is not responding', {
    hint: 'look at the log of salt-master, or run: salt doctor',
  });
}

/** Who may open the socket speaks for its owner: that name stands in the topics. */
function ownerOf(socketPath: string): string {
  try {
    const { uid } = statSync(socketPath);
    const own = userInfo();
    if (uid === own.uid) return own.username;
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? String(uid);
  } catch (error) {
    throw socketError(socketPath, error);
  }
}

function socketError(path: string, cause: unknown): FleetError {
  if (systemErrorCode(cause) === 'EACCES') {
    return new FleetError('NOT_PERMITTED', `${path}: permission denied`, {
      hint: 'run the command as the user that runs salt-master',
      cause,
    });
  }
  const isLeftBehind = systemErrorCode(cause) === 'ECONNREFUSED';
  const why = isLeftBehind ? `nobody listens on ${path}` : `there is no ${path}`;
  return new FleetError('MASTER_UNREACHABLE', `the master is not running: ${why}`, {
    hint: 'start salt-master, or name its configuration directory with -c',
    cause,
  });
}
