import type { Broker } from '../../broker/broker.ts';
import type { Received } from '../../broker/broker_options.ts';
import type { DeliveryFlags } from '../../broker/connection.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { Sign } from '../jobs/send_control.ts';

/** The wire itself, past the queue and the store: for examining what a minion makes of what it gets. */
export interface Wire {
  /** False when that minion is not there, or does not listen to that topic. */
  send(id: string, packet: Packet, flags?: DeliveryFlags): boolean;
  /** In the envelope that a minion checks. */
  readonly seal: Sign;
  /** Closes its connection. */
  disconnect(id: string): void;
  /** Tells what minions publish and who comes, until the returned function is called. */
  listen(listener: WireListener): () => void;
}

export interface WireListener {
  received(received: Received): void;
  online(id: string): void;
}

/** The wire, and the end by which it is told. */
export interface WireTap extends Wire, WireListener {}

export function createWire(broker: () => Broker | undefined, seal: Sign): WireTap {
  const listeners = new Set<WireListener>();
  return {
    send: (id, packet, flags = {}) => broker()?.play(id, packet, flags) ?? false,
    seal,
    disconnect: (id) => broker()?.disconnect({ role: 'minion', id }, 'its reconnection is examined'),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    received(received) {
      for (const listener of listeners) listener.received(received);
    },
    online(id) {
      for (const listener of listeners) listener.online(id);
    },
  };
}
