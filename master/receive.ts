import type { Broker } from '../broker/broker.ts';
import type { BrokerHandlers, Received } from '../broker/broker_options.ts';
import { FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { Enroll, EnrollResponse, type EnrollResponsePayload } from '../shared/protocol/messages/enroll.ts';
import { Fire, Refusal } from '../shared/protocol/messages/event.ts';
import { Info, type InfoPayload, Request } from '../shared/protocol/messages/job.ts';
import { OperatorFire, OperatorRequest, type OperatorRequestPayload } from '../shared/protocol/messages/operator.ts';
import {
  Ack,
  type AckPayload,
  Return,
  ReturnLong,
  ReturnPart,
  type ReturnPayload,
} from '../shared/protocol/messages/return.ts';
import type { WireListener } from './conformance/wire.ts';
import type { EventBus } from './events/event_bus.ts';
import type { EventData } from './events/event_record.ts';
import { emitMinionEvent } from './events/minion_events.ts';
import type { Fleet } from './fleet.ts';
import type { Collector } from './jobs/collect.ts';
import type { Dispatcher } from './jobs/dispatch.ts';
import type { SendControl } from './jobs/send_control.ts';
import type { Enrollment } from './keys/enroll.ts';
import type { Permissions } from './permissions/permissions.ts';

export interface ReceiverOptions {
  readonly enrollment: Enrollment;
  readonly bus: EventBus;
  readonly fleet: Fleet;
  readonly wire: WireListener;
  readonly permissions: Permissions;
  readonly dispatcher: Dispatcher;
  readonly collector: Collector;
  readonly broker: () => Broker | undefined;
  readonly sendControl: SendControl;
  /** Fire `salt/presence/change` (Salt's `presence_events`). */
  readonly presenceEvents: boolean;
  readonly serveOperator: (user: string, c: string, request: OperatorRequestPayload) => void;
  readonly answerRequest: (id: string, verb: string, payload: { readonly c: string }) => void;
  readonly log: Logger;
}

type Receive = (received: Received) => Promise<void> | undefined;

/** What the master does with each kind of message, and with minions that come and go. */
export function createReceiver(options: ReceiverOptions): BrokerHandlers {
  const { fleet, dispatcher, collector, wire } = options;
  const collect: Receive = async ({ who, params, payload, qos }) => {
    const jid = params.jid as string;
    await collector.collectReturn(jid, who.id, payload as ReturnPayload);
    // Without QoS there is no PUBACK: who cannot do more is told in another way, if it listens.
    if (qos === 0) void options.sendControl(who.id, jid, 'stored');
  };
  const byMessage: Readonly<Record<string, Receive>> = {
    [Return.name]: collect,
    [ReturnLong.name]: collect,
    [ReturnPart.name]: ({ who, params, payload }) =>
      collector.collectPart(params.jid as string, who.id, Number(params.n), payload as Uint8Array),
    [Ack.name]({ who, params, payload }) {
      collector.collectAck(params.jid as string, who.id, payload as AckPayload);
      return undefined;
    },
    [Info.name]({ who, payload }) {
      fleet.setInfo(who.id, payload as InfoPayload);
      dispatcher.flush(who.id);
      return undefined;
    },
    [Fire.name]: ({ who, params, payload }) =>
      emitMinionEvent(options.bus, who.id, params.tag as string, payload as EventData),
    [Request.name]({ who, params, payload }) {
      options.answerRequest(who.id, params.verb as string, payload as { c: string });
      return undefined;
    },
    [Enroll.name](received) {
      answerOffer(options, received);
      return undefined;
    },
    async [OperatorFire.name]({ who, topic, params, payload }) {
      const tag = params.tag as string;
      try {
        await options.permissions.check(who.id, { op: 'runner', fun: 'event.send', arg: [tag], kwarg: {} });
      } catch (error) {
        if (!(error instanceof FleetError)) throw error;
        options
          .broker()
          ?.publish(Refusal.encode({ id: who.id }, { topic, reason: 'acl', message: error.message }, 'json'));
        return;
      }
      await options.bus.emitStored(tag, { data: payload, user: who.id });
    },
    [OperatorRequest.name]({ who, params, payload }) {
      options.serveOperator(who.id, params.c as string, payload as OperatorRequestPayload);
      return undefined;
    },
  };
  const presenceChanged = (change: { readonly new: readonly string[]; readonly lost: readonly string[] }): void => {
    if (options.presenceEvents) options.bus.emit('salt/presence/change', change);
  };
  return {
    received(received) {
      wire.received(received);
      return byMessage[received.message.name]?.(received);
    },
    online(id, since) {
      // A newer connection that takes over an older one is no news.
      if (!fleet.isOnline(id)) presenceChanged({ new: [id], lost: [] });
      fleet.setOnline(id, since);
      // A connection that another one took over was never told as gone, and what went out on it may be lost.
      dispatcher.requeue(id);
      dispatcher.flush(id);
      wire.online(id);
    },
    offline(id, since) {
      presenceChanged({ new: [], lost: [id] });
      fleet.setOffline(id, since);
      dispatcher.requeue(id);
    },
  };
}

function answerOffer({ enrollment, broker, log }: ReceiverOptions, { params, payload }: Received): void {
  const fingerprint = params.fingerprint as string;
  enrollment.offered(fingerprint, Enroll.check(payload)).then(
    (response) => sendDecision(broker(), fingerprint, response),
    (error: unknown) => log.error('an offered key could not be kept', { fingerprint, error: String(error) }),
  );
}

function sendDecision(broker: Broker | undefined, fingerprint: string, response: EnrollResponsePayload): void {
  broker?.publish(EnrollResponse.encode({ fingerprint }, response, 'json'));
}

/** Tells every client that offered a key for an id what an operator decided. */
export function sendDecisions(broker: Broker, decisions: ReturnType<Enrollment['decided']>): void {
  for (const { fingerprint, response } of decisions) sendDecision(broker, fingerprint, response);
}
