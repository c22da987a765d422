import type { Clock } from '../../shared/clock.ts';
import { type SignedKind, verifyMac } from '../../shared/crypto/job_signature.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { decodeBody, openPayload } from '../../shared/protocol/codec.ts';
import { Job, JobControl } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { createFireMaster } from '../bus/own_events.ts';
import type { Ledger } from '../jobs/ledger.ts';
import { createOutbox } from '../jobs/outbox.ts';
import { createMasterClock } from '../link/master_clock.ts';
import { createRequests } from '../link/requests.ts';
import { createConstrainedJobs } from './constrained_jobs.ts';
import type { Flashed } from './declare_all.ts';
import type { EmulatedMinion, FleetMember } from './emulated_minion.ts';
import { createFaultyConnection } from './faulty_connection.ts';
import type { Send } from './faulty_send.ts';
import { keepRunning } from './keep_running.ts';
import { createMemoryOutboxFolder } from './memory_disk.ts';
import { createPlainLink, type PlainLinkOptions } from './plain_link.ts';

/** Of returns and events that wait for a connection. */
const OUTBOX_BYTES = 1024 ** 2;

export interface ConstrainedMinionOptions extends FleetMember {
  readonly link: Pick<PlainLinkOptions, 'host' | 'port' | 'keepaliveSeconds' | 'connectTimeoutMs' | 'reconnect'>;
  readonly qos: 0 | 1;
  readonly declaration: { readonly functions: readonly string[] };
  readonly flashed: Flashed;
  readonly ledger: Ledger;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What a device does that follows docs/guide/constrained.md: it verifies, notes down, runs and returns. */
export async function createConstrainedMinion(options: ConstrainedMinionOptions): Promise<EmulatedMinion> {
  const { id, flashed, clock, log } = options;
  const outbox = createOutbox(createMemoryOutboxFolder(), { bytesMax: OUTBOX_BYTES, clock, log });
  const masterClock = createMasterClock(clock);
  let send: Send | undefined;
  let timeAsked: Promise<void> = Promise.resolve();
  const publish: Send = (packet) => send?.(packet) ?? Promise.reject(notConnected());
  const requests = createRequests(id, publish, clock, 'json');
  const jobs = createConstrainedJobs({ ...options, outbox, publish, masterClock, whenTimeTold: () => timeAsked });
  const askTime = async (): Promise<void> => {
    try {
      const told = masterClock.ask();
      told(Number(await requests.ask('time', {})));
    } catch (error) {
      log.warning('the master did not tell its time', { reason: errorLine(error) });
    }
  };
  const open = createOpener(id, options.verify ? flashed.hmac_key : undefined);
  const jobTopic = formatTopic(Job.topic, { id });
  const controlTopic = formatTopic(JobControl.topic, { id });
  const received = async (topic: string, payload: Uint8Array, retain: boolean): Promise<void> => {
    try {
      if (retain) log.warning('a retained message was ignored', { topic });
      else if (topic === jobTopic) await jobs.take(Job.check(open(payload, 'job')));
      else if (topic === controlTopic) jobs.obey(JobControl.check(open(payload, 'ctl')));
      else requests.answer(topic, payload);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      log.warning('a message was refused', { topic, reason: errorLine(error) });
    }
  };
  const faulty = createFaultyConnection(options, {
    received,
    attach(via) {
      send = via;
      if (!masterClock.isKnown()) timeAsked = askTime();
      outbox.attach(via);
    },
    detach() {
      send = undefined;
      requests.abandon();
      outbox.detach();
    },
  });
  const link = createPlainLink({ ...options, ...options.link, password: flashed.password, ...faulty });
  const connection = keepRunning(link, clock);
  return {
    run: connection.run,
    drop: connection.drop,
    fireMaster: createFireMaster(id, outbox, clock, 'json'),
    async stop() {
      await connection.stop();
      jobs.stop();
      await outbox.close();
    },
  };
}

/** Without a key, what comes is taken as it comes: its connection is trusted. */
function createOpener(id: string, hmacKey: string | undefined): (bytes: Uint8Array, kind: SignedKind) => unknown {
  if (hmacKey === undefined) return (bytes) => decodeBody(openPayload(bytes));
  const key = Buffer.from(hmacKey, 'hex');
  return (bytes, kind) => decodeBody(verifyMac(bytes, id, key, kind));
}

function notConnected(): FleetError {
  return new FleetError('MASTER_UNREACHABLE', 'not connected to the master');
}
