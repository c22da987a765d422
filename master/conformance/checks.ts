import { encodePayload } from '../../shared/protocol/codec.ts';
import { Job, type JobPayload } from '../../shared/protocol/messages/job.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { packetBytes } from '../jobs/transmit.ts';
import { type Session, TOLERANCE_SECONDS } from './session.ts';

/**
 * `absent`: the minion does not offer that, which is no mistake but keeps it below that level. `skipped`: for such a
 * minion there is nothing to see.
 */
export type Verdict =
  | { readonly result: 'passed' }
  | { readonly result: 'failed' | 'absent' | 'skipped'; readonly why: string };

export interface Check {
  readonly name: string;
  /** A minion has a level when all checks up to it are passed or skipped. */
  readonly level: 0 | 1 | 2 | 3;
  /** What a minion does that passes. */
  readonly should: string;
  run(session: Session, device: ExaminedDevice): Promise<Verdict>;
}

export interface ExaminedDevice {
  /** It was declared as one that pulls arguments in blocks. */
  readonly blocks: boolean;
  /** A function that returns something else each time it runs. */
  readonly probe: string;
}

const passed: Verdict = { result: 'passed' };
const failed = (why: string): Verdict => ({ result: 'failed', why });
const absent = (why: string): Verdict => ({ result: 'absent', why });
const skipped = (why: string): Verdict => ({ result: 'skipped', why });

const UNKNOWN = 'conformance.nothing';
const LARGE_PACKET = 65_536;
const SLEEP_SECONDS = 300;
/** Long enough that a minion says that it runs. */
const NAP_SECONDS = 0.5;
const TRUSTS = 'its jobs are not signed: it trusts its connection';

export const checks: readonly Check[] = [
  {
    name: 'answers a job',
    level: 0,
    should: 'publish {"id":"<id>","return":true} to salt/ret/<jid> for test.ping',
    async run(session) {
      const answer = await session.ask('test.ping');
      if (answer === undefined) return failed(`no return within ${session.timeoutMs} ms`);
      return succeeded(answer) && answer.return === true ? passed : failed(`test.ping gave ${shown(answer)}`);
    },
  },
  {
    name: 'says that it does not know a function',
    level: 0,
    should: 'return a retcode that is not 0, such as 127',
    async run(session) {
      const answer = await session.ask(UNKNOWN);
      if (answer === undefined) return failed('it said nothing');
      return succeeded(answer) ? failed(`it returned ${shown(answer)} as a success`) : passed;
    },
  },
  {
    name: 'runs a job once',
    level: 0,
    should: 'remember the jids that it ran, and send the old return, or nothing, for one that it knows',
    async run(session, { probe }) {
      const job = session.job(probe);
      const bytes = await session.seal(job);
      session.send(bytes);
      const first = await session.answer(job.jid);
      if (first === undefined) return failed('no return of the first one');
      session.send(bytes, { dup: true });
      if ((await session.ask('test.ping')) === undefined) return failed('silent after the second one');
      const other = session.answers(job.jid).find((answer) => shown(answer) !== shown(first));
      if (other !== undefined) return failed(`it ran twice: ${shown(first)}, then ${shown(other)}`);
      return succeeded(first) ? passed : skipped(`it has no ${probe}: whether it ran twice cannot be seen (probe=…)`);
    },
  },
  {
    name: 'runs an older job after a newer one',
    level: 0,
    should: 'look a jid up, and not compare it with the last one',
    async run(session) {
      const [older, newer] = [session.job('test.ping'), session.job('test.ping')];
      for (const job of [newer, older]) {
        session.send(await session.seal(job));
        if (!succeeded(await session.answer(job.jid)))
          return failed(`no return of the ${job === newer ? 'newer' : 'older'} one`);
      }
      return passed;
    },
  },
  {
    name: 'does not run what has expired',
    level: 0,
    should: 'compare exp with the time, of salt/master when it has no clock, and return ended: expired',
    run: (session) => mustNotRun(session, { change: (job) => ({ ...job, exp: job.exp - 2 * TOLERANCE_SECONDS }) }),
  },
  {
    name: 'does not run what is retained',
    level: 0,
    should: 'ignore a job that arrives with the retain flag',
    run: (session) => mustNotRun(session, { flags: { retain: true } }),
  },
  {
    name: 'takes the largest packet that it declared',
    level: 0,
    should: 'have room for it, or declare less (max_packet)',
    async run(session) {
      const answer = await askPadded(session, session.info.max_packet);
      return succeeded(answer) ? passed : failed(`no return of a job of ${session.info.max_packet} bytes`);
    },
  },
  {
    name: 'takes as many jobs at a time as it declared',
    level: 0,
    should: 'answer each of them, or declare less (window)',
    async run(session) {
      const jobs = Array.from({ length: session.info.window }, () => session.job('test.ping'));
      for (const bytes of await Promise.all(jobs.map((job) => session.seal(job)))) session.send(bytes);
      const answers = await Promise.all(jobs.map(({ jid }) => session.answer(jid)));
      const count = answers.filter((answer) => succeeded(answer)).length;
      return count === jobs.length ? passed : failed(`${count} of ${jobs.length} were answered`);
    },
  },
  {
    name: 'refuses a wrong signature',
    level: 1,
    should: 'compute the signature over salt-job-v1, NUL, its id, NUL and the bytes before the TAB, and compare it',
    run: (session) => mustBeSigned(session, (job) => tampered(session, job)),
  },
  {
    name: 'refuses a job that is not signed',
    level: 1,
    should: 'refuse what has no signature',
    run: (session) => mustBeSigned(session, async (job) => encodePayload(job, session.info.enc)),
  },
  {
    name: "refuses another minion's job",
    level: 1,
    should: 'have its own id in what it computes the signature over',
    run: (session) => mustBeSigned(session, (job) => session.seal(job, 'another-minion')),
  },
  {
    name: 'comes back when its connection is closed',
    level: 1,
    should: 'connect and subscribe again by itself, with a pause that grows',
    async run(session) {
      if (!(await session.reconnects())) return failed(`not back within ${session.timeoutMs} ms`);
      return succeeded(await session.ask('test.ping')) ? passed : failed('back, but it does not answer');
    },
  },
  {
    name: 'says that a job runs',
    level: 2,
    should: 'publish {"st":"run"} to salt/ack/<jid>/<id> when a job takes longer',
    async run(session) {
      const job = session.job('test.sleep', { arg: [NAP_SECONDS] });
      session.send(await session.seal(job));
      if (await session.runs(job.jid)) return passed;
      return absent(
        succeeded(await session.answer(job.jid)) ? 'it ran test.sleep and did not say so' : 'it has no test.sleep',
      );
    },
  },
  {
    name: 'stops a job that is cancelled',
    level: 2,
    should: 'subscribe to salt/job/<id>/#, and for {"op":"cancel"} on …/ctl end that job and return ended: cancelled',
    async run(session) {
      const job = session.job('test.sleep', { arg: [SLEEP_SECONDS] });
      session.send(await session.seal(job));
      if (!(await session.runs(job.jid))) return absent('it does not say that a job runs');
      await session.cancel(job.jid);
      const answer = await session.answer(job.jid);
      if (answer === undefined) return failed('it went on');
      return answer.ended === 'cancelled' ? passed : failed(`it ended with ${shown(answer)}`);
    },
  },
  {
    name: 'goes on when a cancellation is not signed',
    level: 2,
    should: 'check the signature of what comes on …/ctl as that of a job, over salt-ctl-v1 in place of salt-job-v1',
    async run(session) {
      if (session.info.sig === 'none') return skipped(TRUSTS);
      const job = session.job('test.sleep', { arg: [NAP_SECONDS] });
      session.send(await session.seal(job));
      if (!(await session.runs(job.jid))) return absent('it does not say that a job runs');
      await session.cancel(job.jid, false);
      const answer = await session.answer(job.jid);
      if (answer === undefined) return failed('no return');
      return succeeded(answer) ? passed : failed(`it ended with ${shown(answer)}`);
    },
  },
  {
    name: 'pulls what does not fit',
    level: 2,
    should: 'ask salt/req/<id>/blk for the blocks of ref, compare their SHA-256, and run the job',
    async run(session, { blocks }) {
      const { max_packet: bytes } = session.info;
      if (bytes >= LARGE_PACKET) return skipped('all jobs fit');
      if (!blocks) return absent('it was declared without blocks');
      const text = 'x'.repeat(bytes);
      const answer = await session.dispatch('test.echo', [text]);
      if (answer === undefined) return failed('no return');
      return answer.return === text || succeeded(answer) ? passed : failed(`test.echo gave ${shown(answer)}`);
    },
  },
  {
    name: 'speaks CBOR and checks Ed25519',
    level: 3,
    should: 'say enc: cbor and sig: ed25519 on salt/info/<id>',
    run: async ({ info }) =>
      info.enc === 'cbor' && info.sig === 'ed25519' ? passed : absent(`its jobs are ${info.enc}, signed: ${info.sig}`),
  },
];

interface Bad {
  readonly change?: (job: JobPayload) => JobPayload;
  readonly flags?: { readonly retain?: boolean };
  readonly seal?: (job: JobPayload) => Promise<Uint8Array>;
}

/** Such a job goes out, then a good one: when the good one is answered, the bad one must not have been run. */
async function mustNotRun(session: Session, { change = same, flags = {}, seal = session.seal }: Bad): Promise<Verdict> {
  const bad = change(session.job('test.ping'));
  session.send(await seal(bad), flags);
  if ((await session.ask('test.ping')) === undefined) return failed('after it, it does not answer any more');
  const ran = session.answers(bad.jid).find((answer) => succeeded(answer));
  return ran === undefined ? passed : failed(`it ran, and returned ${shown(ran)}`);
}

const same = (job: JobPayload): JobPayload => job;

function mustBeSigned(session: Session, seal: (job: JobPayload) => Promise<Uint8Array>): Promise<Verdict> {
  if (session.info.sig === 'none') return Promise.resolve(skipped(TRUSTS));
  return mustNotRun(session, { seal });
}

/** One character or byte of the signature, which comes last, is another one. */
async function tampered(session: Session, job: JobPayload): Promise<Uint8Array> {
  const bytes = Buffer.from(await session.seal(job));
  const place = bytes.length - 5;
  bytes[place] = bytes[place] === 0x41 ? 0x42 : 0x41;
  return bytes;
}

/** A job whose packet has so many bytes. */
export async function askPadded(session: Session, packet: number): Promise<ReturnPayload | undefined> {
  const padded = (length: number): JobPayload => ({ ...job, metadata: { pad: 'x'.repeat(length) } });
  const job = session.job('test.ping');
  const topic = formatTopic(Job.topic, { id: session.id });
  const bare = packetBytes({ topic, payload: await session.seal(padded(0)), qos: 1, retain: false });
  session.send(await session.seal(padded(Math.max(0, packet - bare))));
  return session.answer(job.jid);
}

function succeeded(answer: ReturnPayload | undefined): boolean {
  return answer !== undefined && answer.ended === undefined && answer.retcode === 0 && answer.success !== false;
}

function shown(answer: ReturnPayload): string {
  const { return: value, retcode, ended } = answer;
  return `${JSON.stringify(value)?.slice(0, 60)} (${ended === undefined ? `retcode ${retcode}` : ended})`;
}
