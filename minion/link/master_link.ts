import type { KeyObject } from 'node:crypto';
import { type Backoff, createBackoff } from '../../shared/client/backoff.ts';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import type { Clock } from '../../shared/clock.ts';
import { errorLine, FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { decodePayload } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { Info, type InfoPayload, Job } from '../../shared/protocol/messages/job.ts';
import { MasterKeys, type MasterKeysPayload } from '../../shared/protocol/messages/keys.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { MasterRequests } from '../context.ts';
import { type EnrollOptions, enroll, forgetCredentials, storedCredentials } from './enroll.ts';
import { holdConnection, keepConnected } from './keep_connected.ts';
import { createLinkRecord, type LinkRecord, type LinkStatus } from './link_status.ts';
import { createMasterClock } from './master_clock.ts';
import { createMasterKeys } from './master_keys.ts';
import { notingRefusals } from './noting_refusals.ts';
import { createRequests } from './requests.ts';
import { createHello } from './say_hello.ts';
import { createTlsMemory, type TlsBeginning } from './tls_memory.ts';
import { explainTlsError, followShownAuthority, trustMaster } from './trust.ts';
import { watchCertificate } from './watch_certificate.ts';

export interface MasterLinkOptions {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly pkiDir: string;
  readonly masterFinger: string;
  readonly privateKey: KeyObject;
  readonly token: string;
  readonly keepaliveSeconds: number;
  readonly connectTimeoutMs: number;
  /** Between two offers of a key that was turned down. */
  readonly acceptanceWaitMs: number;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  readonly info: () => InfoPayload;
  readonly grains: () => Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** In place of `verifyCertificate`, for who remembers what it found. */
  readonly verify?: EnrollOptions['verify'];
  /** Begins each attempt to connect, when many minions share a process. Left out: at once. */
  readonly inTurn?: <T>(attempt: () => Promise<T>) => Promise<T>;
  /** Resolves when PUBACK may go out. */
  readonly received: (topic: string, payload: Uint8Array, retain: boolean) => Promise<void>;
  readonly connected: (publish: (packet: Packet) => Promise<void>) => void;
  readonly disconnected: () => void;
}

/** The minion's connection to its master, made again whenever it ends. */
export interface MasterLink extends MasterRequests {
  /**
   * Runs until the signal fires. Rejects only with what waiting cannot mend: a wrong master key, an unreadable file.
   */
  run(signal: AbortSignal): Promise<void>;
  /** The master's keys that sign jobs. */
  signingKey(kid: string): KeyObject | undefined;
  /** Asks the master for its keys and its time; resolves when it has told them, or cannot. */
  askAgain(): Promise<void>;
  /** Seconds UTC by the master's clock, as well as it is known. */
  masterNow(): number;
  /** The master told its time since this process started. */
  knowsMasterTime(): boolean;
  /** It told it lately, and no clock was put forward since. */
  isMasterTimeSure(): boolean;
  /** How it stands with the master. */
  status(): LinkStatus;
  /** Tells one listener of each change of that. */
  watch(hear: (status: LinkStatus) => void): void;
  /** A message below this minion's job topic that is not a job. */
  answer(topic: string, payload: Uint8Array): void;
}

export function createMasterLink(options: MasterLinkOptions): MasterLink {
  const { id, clock, log } = options;
  const backoff = createBackoff({ ...options.reconnect, random: options.random });
  const masterClock = createMasterClock(clock);
  const keys = createMasterKeys({ ...options, masterNow: masterClock.now });
  const record = createLinkRecord(clock);
  const tlsFor = createTlsMemory(options.privateKey);
  let connection: Connection | undefined;
  let renewal: ReturnType<typeof watchCertificate> | undefined;
  const publish = (packet: Packet): Promise<void> => connection?.publish(packet) ?? Promise.reject(notConnected());
  const requests = createRequests(id, publish, clock);
  const sayHello = createHello({ ask: requests.ask, masterClock, learn: keys.learn, clock, log });

  /** The certificate of this minion may be of an authority that was replaced: it would open no further connection. */
  const learn = async (told: MasterKeysPayload): Promise<void> => {
    if (await keys.learn(told)) void renewal?.look();
    // Keys that it knew are told when the clock of the master was set.
    void sayHello();
  };
  const attend = async (signal: AbortSignal): Promise<void> => {
    const { credentials, enrolment } = await findCredentials(options, record.offered, signal);
    keys.begin(credentials);
    const received = notingRefusals({ ...options, refused: record.refused, connection: () => connection });
    const learning = { ...options, received: learningKeys({ ...options, received }, learn) };
    const opened = await connect(learning, tlsFor(credentials));
    connection = opened;
    const watch = watchCertificate(credentials.certPem, {
      ...options,
      enrolment: () => ({ ...enrolment, caPem: keys.caPem() }),
      ask: requests.ask,
      masterNow: masterClock.now,
    });
    renewal = watch;
    try {
      await holdConnection(opened, {
        ...options,
        signal,
        backoff,
        announce: () => announce(options, opened),
        connected() {
          void sayHello().then(watch.look);
          record.connected();
          log.info('connected to the master', { master: `${options.host}:${options.port}` });
          options.connected((packet) => opened.publish(packet));
        },
        disconnected(reason) {
          record.failed(new FleetError('MASTER_UNREACHABLE', `the connection to the master ended: ${reason}`));
          options.disconnected();
        },
      });
    } finally {
      watch.stop();
      connection = undefined;
      requests.abandon();
    }
  };

  return {
    signingKey: keys.signingKey,
    askAgain: () => sayHello().then(() => void renewal?.look()),
    masterNow: masterClock.now,
    knowsMasterTime: masterClock.isKnown,
    isMasterTimeSure: masterClock.isSure,
    answer: requests.answer,
    ask: requests.ask,
    status: record.status,
    watch: record.watch,
    run: (signal) =>
      keepConnected({
        attend: () => attend(signal),
        recover: (error) => recover(options, error, { record, backoff }),
        backoff,
        clock,
        signal,
      }),
  };
}

/** Those that are kept, or else what the master gives once the key is accepted. */
async function findCredentials(options: MasterLinkOptions, offered: () => void, signal: AbortSignal) {
  const { caPem } = await trustMaster(trustOptions(options));
  const enrolment = enrollOptions(options, caPem, signal);
  const credentials = (await storedCredentials(enrolment)) ?? (await enroll({ ...enrolment, offered }));
  return { credentials, enrolment };
}

/** What looks like another master is ours, with a new key that the pinned one vouches for. */
async function isNewAuthority(error: unknown, options: MasterLinkOptions): Promise<boolean> {
  if (!(error instanceof FleetError) || error.code !== 'KEY_MISMATCH') return false;
  if (!(await followShownAuthority(trustOptions(options)))) return false;
  options.log.info('the master has another authority, which the pinned one vouches for');
  return true;
}

/** What it can do goes ahead of the subscription, which is when jobs begin to come. */
async function announce({ id, info }: MasterLinkOptions, connection: Connection): Promise<void> {
  const announced = connection.publish(Info.encode({ id }, info()));
  await Promise.all([announced, connection.subscribe([`${formatTopic(Job.topic, { id })}/#`])]);
}

/** A change of the master's keys is acknowledged when they are known. */
function learningKeys(
  { id, received, log }: MasterLinkOptions,
  learn: (told: MasterKeysPayload) => Promise<void>,
): MasterLinkOptions['received'] {
  const keysTopic = formatTopic(MasterKeys.topic, { id });
  return async (topic, payload, retain) => {
    if (topic !== keysTopic) return received(topic, payload, retain);
    try {
      await learn(MasterKeys.check(decodePayload(payload)));
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      log.warning('the new keys of the master are not taken', { reason: errorLine(error) });
    }
  };
}

function atOnce<T>(attempt: () => Promise<T>): Promise<T> {
  return attempt();
}

function notConnected(): FleetError {
  return new FleetError('MASTER_UNREACHABLE', 'not connected to the master');
}

function connect(options: MasterLinkOptions, { options: tls, keep, forget }: TlsBeginning): Promise<Connection> {
  const { host, port, id, keepaliveSeconds, connectTimeoutMs, received, inTurn = atOnce } = options;
  const connecting = inTurn(() =>
    openConnection({
      endpoint: { kind: 'tls', host, port, options: tls, session: keep },
      clientId: id,
      username: id,
      keepaliveSeconds,
      connectTimeoutMs,
      received,
    }),
  );
  connecting.catch((error: unknown) => {
    // Only for what TLS itself did not like: while nobody listens, the session is as good as it was.
    if (error instanceof FleetError && systemErrorCode(error.cause)?.startsWith('ERR_SSL')) forget();
  });
  return connecting;
}

/** How long to wait, as the failure suggests, milliseconds; rejects where only a person can help. */
async function recover(
  options: MasterLinkOptions,
  failure: unknown,
  { record, backoff }: { readonly record: LinkRecord; readonly backoff: Backoff },
): Promise<number> {
  const { log } = options;
  const error = explainTlsError(failure, trustOptions(options));
  if (await isNewAuthority(error, options)) return 0;
  if (!(error instanceof FleetError) || error.code === 'KEY_MISMATCH' || error.code === 'FILE_UNREADABLE') throw error;
  record.failed(error);
  if (error.code === 'NOT_PERMITTED') {
    // Rejected or deleted on the master: the key is offered anew, and an operator decides.
    await forgetCredentials(options.pkiDir);
    log.warning(`the master does not take this minion: ${error.message}`, { retry_s: options.acceptanceWaitMs / 1000 });
    return options.acceptanceWaitMs;
  }
  const waitMs = backoff.next();
  log.warning(errorLine(error), { retry_ms: waitMs });
  return waitMs;
}

function trustOptions(options: MasterLinkOptions) {
  return {
    pkiDir: options.pkiDir,
    host: options.host,
    port: options.port,
    masterFinger: options.masterFinger,
    timeoutMs: options.connectTimeoutMs,
    nowMs: () => options.clock.nowMs(),
  };
}

function enrollOptions(options: MasterLinkOptions, caPem: string, signal: AbortSignal): EnrollOptions {
  const { id, pkiDir, host, port, privateKey, token, connectTimeoutMs, verify, log } = options;
  return {
    id,
    pkiDir,
    host,
    port,
    caPem,
    privateKey,
    token,
    grains: options.grains(),
    connectTimeoutMs,
    nowMs: () => options.clock.nowMs(),
    ...(verify !== undefined && { verify }),
    log,
    signal,
  };
}
