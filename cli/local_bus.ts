import { join } from 'node:path';
import type { MinionConfig } from '../minion/config.ts';
import { type Connection, openConnection } from '../shared/client/connection.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { eventStamp } from '../shared/event_stamp.ts';
import { loopbackSocketName } from '../shared/paths.ts';
import { decodePayload } from '../shared/protocol/codec.ts';
import { LocalEvent } from '../shared/protocol/messages/event.ts';
import { formatTopic, topicFilter } from '../shared/protocol/topic.ts';

type Data = Readonly<Record<string, unknown>>;

/**
 * The running minion, by its own bus: the only way into it. Every call but the first throws COMMAND_FAILED when no
 * minion runs.
 */
export interface LocalBus {
  /** Whether a minion runs. */
  isThere(): Promise<boolean>;
  fire(tag: string, data: Data): Promise<void>;
  /** Hears every event from now on, until the connection that it resolves to is closed. */
  listen(heard: (tag: string, data: Data) => void | Promise<void>): Promise<Connection>;
  /** Fires an event and waits for the one that answers it: of that tag, and with the same `c`. Throws TIMED_OUT. */
  ask(tag: string, data: Data, answerTag: string, timeoutSeconds: number): Promise<Data>;
}

export function createLocalBus({ sock_dir }: Pick<MinionConfig, 'sock_dir'>, pid: number): LocalBus {
  let connections = 0;
  const connect = (received: (topic: string, payload: Uint8Array) => void | Promise<void>): Promise<Connection> =>
    openConnection({
      endpoint: { kind: 'unix', path: join(sock_dir, loopbackSocketName) },
      // Of its own: a second connection of one id would take the place of the first.
      clientId: `salt-call-${pid}-${++connections}`,
      keepaliveSeconds: 60,
      connectTimeoutMs: 5000,
      received,
    }).catch((cause: unknown) => {
      throw new FleetError('COMMAND_FAILED', 'the minion is not running: its event bus cannot be reached', {
        hint: 'start salt-minion; one with profile: lite has no bus that others can join',
        cause,
      });
    });
  const publish = (connection: Connection, tag: string, data: Data): Promise<void> =>
    connection.publish({
      ...LocalEvent.encode({ tag }, { _stamp: eventStamp(systemClock.nowMs()), ...data }, 'json'),
      qos: 1,
    });
  let count = 0;
  return {
    async isThere() {
      const connection = await connect(() => undefined).catch(() => undefined);
      await connection?.close();
      return connection !== undefined;
    },
    async fire(tag, data) {
      const connection = await connect(() => undefined);
      try {
        await publish(connection, tag, data);
      } finally {
        await connection.close();
      }
    },
    async listen(heard) {
      const connection = await connect((topic, payload) => {
        const tag = LocalEvent.params(topic)?.tag;
        return tag === undefined ? undefined : heard(tag, decodePayload(payload) as Data);
      });
      await connection.subscribe([topicFilter(LocalEvent.topic)]);
      return connection;
    },
    async ask(tag, data, answerTag, timeoutSeconds) {
      const c = `${pid}-${++count}`;
      let answered: (answer: Data) => void = () => undefined;
      const answer = new Promise<Data>((resolve) => {
        answered = resolve;
      });
      const connection = await connect((_topic, payload) => {
        const given = decodePayload(payload) as Data;
        if (given.c === c) answered(given);
      });
      try {
        await connection.subscribe([formatTopic(LocalEvent.topic, { tag: answerTag })]);
        await publish(connection, tag, { ...data, c });
        const gone = connection.closed.then(() => {
          throw new FleetError('COMMAND_FAILED', `the minion stopped before it answered ${tag}`);
        });
        return await withinSeconds(Promise.race([answer, gone]), timeoutSeconds, tag);
      } finally {
        await connection.close();
      }
    },
  };
}

async function withinSeconds<T>(answer: Promise<T>, seconds: number, what: string): Promise<T> {
  let stop: () => void = () => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const timer = systemClock.after(seconds * 1000, () =>
      reject(new FleetError('TIMED_OUT', `the running minion did not answer ${what} within ${seconds} s`)),
    );
    stop = timer.stop;
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop();
  }
}
