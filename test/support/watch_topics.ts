import { type Connection, openConnection } from '../../shared/client/connection.ts';
import { Inbox } from '../integration/broker/inbox.ts';

export interface TopicMessage {
  readonly topic: string;
  readonly text: string;
}

/** Any MQTT client on a unix socket: what it subscribed to, as it came. */
export async function watchTopics(
  socketPath: string,
  filters: readonly string[],
): Promise<{ readonly messages: Inbox<TopicMessage>; readonly connection: Connection }> {
  const messages = new Inbox<TopicMessage>();
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: socketPath },
    clientId: 'observer',
    keepaliveSeconds: 60,
    connectTimeoutMs: 5000,
    received: (topic, payload) => messages.push({ topic, text: Buffer.from(payload).toString() }),
  });
  await connection.subscribe(filters);
  return { messages, connection };
}
