import type { Client, Subscription } from 'aedes';
import type { Logger } from '../shared/log.ts';
import type { Access } from '../shared/protocol/access.ts';
import type { BrokerHandlers, BrokerLimits } from './broker_options.ts';
import type { PresenceKeeper } from './presence.ts';
import type { Refusals } from './refusals.ts';
import type { Registry } from './registry.ts';

/** SUBACK's return code for a filter that is not granted [MQTT-3.9.3-2]. */
const REFUSED = 0x80;

/** Filters: which are granted, and who has which. */
export interface SubscribeGate {
  authorize(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, granted: Subscription | null) => void,
  ): void;
  /** SUBACK was sent. */
  subscribed(client: Client, subscriptions: readonly Subscription[]): void;
  unsubscribed(client: Client, filters: readonly string[]): void;
}

export function createSubscribeGate(options: {
  readonly access: Access;
  readonly registry: Registry;
  readonly limits: BrokerLimits;
  readonly presence: PresenceKeeper;
  readonly handlers: Pick<BrokerHandlers, 'subscribed'>;
  readonly refusals: Refusals;
  readonly log: Logger;
}): SubscribeGate {
  const { access, registry, limits, presence, handlers, refusals, log } = options;
  return {
    authorize(client, subscription, done) {
      const connection = registry.of(client);
      const who = connection?.who;
      const { topic: filter, qos } = subscription;
      if (connection === undefined || who === undefined) return done(null, null);
      const hasRoom = connection.filters.size < limits.subscriptionsMax || connection.filters.has(filter);
      if (hasRoom && !connection.onlySpeaks && access.maySubscribe(who, filter) && connection.maySubscribeNow()) {
        connection.subscribe(filter, qos === 0 ? 0 : 1);
        return done(null, subscription);
      }
      const message = hasRoom ? 'it may not subscribe to that' : `${limits.subscriptionsMax} filters are subscribed to`;
      refusals.note('subscriptions_refused', { client: who.id, message, topic: filter });
      log.debug('subscription refused', { client: who.id, filter, filters: connection.filters.size });
      // Never an error: Aedes would close the connection, and the client would try the same again, for ever.
      done(null, null);
    },
    subscribed(client, subscriptions) {
      const connection = registry.of(client);
      const who = connection?.who;
      if (connection === undefined || who === undefined) return;
      if (who.role === 'minion') presence.changed(connection, who.id);
      if (who.role !== 'operator' && who.role !== 'local') return;
      for (const { topic, qos } of subscriptions) {
        if ((qos as number) !== REFUSED) handlers.subscribed?.(who, topic);
      }
    },
    unsubscribed(client, filters) {
      const connection = registry.of(client);
      // Aedes takes a client's filters away when it ends, too; its end is another story.
      if (connection === undefined || client.closed) return;
      for (const filter of filters) connection.unsubscribe(filter);
      if (connection.who?.role === 'minion') presence.changed(connection, connection.who.id);
    },
  };
}
