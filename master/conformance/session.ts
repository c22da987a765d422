import { nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import { type InfoPayload, Job, type JobPayload } from '../../shared/protocol/messages/job.ts';
import { Ack, type AckPayload, Return, ReturnLong, type ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { MasterContext } from '../context.ts';
import { sealControl } from '../jobs/send_control.ts';

export type SessionContext = Pick<MasterContext, 'wire' | 'fleet' | 'clock' | 'newJid' | 'user' | 'dispatchJob'>;

/** A conversation with one minion: jobs of any kind go out, and all that it says about them is kept. */
export interface Session {
  readonly id: string;
  readonly info: InfoPayload;
  readonly timeoutMs: number;
  isThere(): boolean;
  /** A job as the master would make it, but for what is given. */
  job(fun: string, more?: Partial<JobPayload>): JobPayload;
  /** As it goes over the wire to that minion. */
  seal(job: JobPayload, forId?: string): Promise<Uint8Array>;
  /** Throws COMMAND_FAILED when the minion is gone. */
  send(bytes: Uint8Array, flags?: { readonly retain?: boolean; readonly dup?: boolean }): void;
  /** With a signature or, to see what the minion makes of it, without. */
  cancel(jid: string, isSigned?: boolean): Promise<void>;
  /** The first return of that job; undefined when none comes in time. */
  answer(jid: string): Promise<ReturnPayload | undefined>;
  /** Whether it says that the job runs, before the return comes or time is up. */
  runs(jid: string): Promise<boolean>;
  /** All returns of that job so far. */
  answers(jid: string): readonly ReturnPayload[];
  /** Sends such a job and waits for its return. */
  ask(fun: string, more?: Partial<JobPayload>): Promise<ReturnPayload | undefined>;
  /** The same with a job that is stored, and queued, as any other. */
  dispatch(fun: string, arg: readonly unknown[]): Promise<ReturnPayload | undefined>;
  /** Closes its connection; false when it does not come back in time. */
  reconnects(): Promise<boolean>;
  end(): void;
}

/** From its making to its expiry. */
export const TOLERANCE_SECONDS = 60;

export function openSession(context: SessionContext, id: string, timeoutMs: number): Session {
  const { wire, fleet, clock, newJid, user } = context;
  const info = fleet.info(id);
  const heard = listen(context, id, timeoutMs);
  const session: Session = {
    id,
    info,
    timeoutMs,
    isThere: () => fleet.isOnline(id),
    job: (fun, more = {}) => ({
      jid: newJid(),
      fun,
      exp: nowSeconds(clock) + TOLERANCE_SECONDS,
      ...(info.enc === 'cbor' && { tgt: [id], tgt_type: 'list', user }),
      ...more,
    }),
    async seal(job, forId = id) {
      const payload = encodePayload(job, info.enc);
      return info.sig === 'none' ? payload : wire.seal(payload, info.enc, forId);
    },
    send(bytes, flags) {
      const packet = { topic: formatTopic(Job.topic, { id }), payload: bytes, qos: Job.qos, retain: false } as const;
      if (!wire.send(id, packet, flags)) throw new FleetError('COMMAND_FAILED', `${id} is not connected any more`);
    },
    async cancel(jid, isSigned = true) {
      const how = isSigned ? info : { ...info, sig: 'none' as const };
      const order = { op: 'cancel', jid, exp: nowSeconds(clock) + TOLERANCE_SECONDS } as const;
      wire.send(id, await sealControl(order, id, how, wire.seal));
    },
    answer: (jid) => heard.find(() => heard.returns(jid)[0]),
    async runs(jid) {
      const isRunning = (): true | undefined => (heard.acks(jid).some(({ st }) => st === 'run') ? true : undefined);
      return (await heard.find(() => isRunning() ?? (heard.returns(jid).length > 0 ? false : undefined))) ?? false;
    },
    answers: heard.returns,
    async ask(fun, more) {
      const job = session.job(fun, more);
      session.send(await session.seal(job));
      return session.answer(job.jid);
    },
    async dispatch(fun, arg) {
      const how = { op: 'job', tgt_type: 'list', kwarg: {}, async: true } as const;
      const { jid } = await context.dispatchJob({ ...how, tgt: [id], fun, arg: [...arg] });
      return session.answer(jid);
    },
    async reconnects() {
      const before = heard.connections();
      wire.disconnect(id);
      return (await heard.find(() => (heard.connections() > before ? true : undefined))) === true;
    },
    end: heard.end,
  };
  return session;
}

/** All that one minion says, and the way to wait for what it will say. */
function listen({ wire, clock }: SessionContext, id: string, timeoutMs: number) {
  const returns = new Map<string, ReturnPayload[]>();
  const acks = new Map<string, AckPayload[]>();
  const waiting = new Set<() => void>();
  let connections = 0;
  const wake = (): void => {
    for (const look of [...waiting]) look();
  };
  const end = wire.listen({
    received({ who, message, params, payload }) {
      if (who.id !== id) return;
      const jid = params.jid as string;
      if (message.name === Return.name || message.name === ReturnLong.name) add(returns, jid, payload as ReturnPayload);
      if (message.name === Ack.name) add(acks, jid, payload as AckPayload);
      wake();
    },
    online(who) {
      if (who === id) connections++;
      wake();
    },
  });
  return {
    returns: (jid: string): readonly ReturnPayload[] => returns.get(jid) ?? [],
    acks: (jid: string): readonly AckPayload[] => acks.get(jid) ?? [],
    connections: () => connections,
    end,
    /** What `look` finds, at once or when something was heard; undefined when time is up. */
    find: <T>(look: () => T | undefined): Promise<T | undefined> =>
      new Promise((resolve) => {
        const finish = (found: T | undefined): void => {
          timer.stop();
          waiting.delete(tryIt);
          resolve(found);
        };
        const tryIt = (): void => {
          const found = look();
          if (found !== undefined) finish(found);
        };
        const timer = clock.after(timeoutMs, () => finish(undefined));
        waiting.add(tryIt);
        tryIt();
      }),
  };
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
