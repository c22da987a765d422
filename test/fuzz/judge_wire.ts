import { generateKeyPairSync } from 'node:crypto';
import { parser } from 'mqtt-packet';
import { checkPublish } from '../../broker/acl.ts';
import type { PacketParser } from '../../broker/aedes_internals.ts';
import { authenticate } from '../../broker/authenticate.ts';
import type { ListenerOptions } from '../../broker/broker_options.ts';
import { guardFrames } from '../../broker/frame_guard.ts';
import { createTranscoder } from '../../broker/transcode.ts';
import { parseCommand } from '../../cli/command_line.ts';
import { parseCallArgs } from '../../cli/parse_args.ts';
import { saltCommand } from '../../cli/salt.ts';
import { verifyJob } from '../../shared/crypto/job_signature.ts';
import { FleetError } from '../../shared/errors.ts';
import { createAccess, type Identity } from '../../shared/protocol/access.ts';
import { decodePayload, encodePayload, openPayload, toJsonLine } from '../../shared/protocol/codec.ts';
import type { TargetType } from '../../shared/protocol/fields.ts';
import { messageTable } from '../../shared/protocol/message_table.ts';
import { filterMatches } from '../../shared/protocol/topic.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { parseTarget } from '../../shared/target/parse_target.ts';
import { matcherOf } from '../../shared/target/target.ts';
import { wordsOfTarget } from '../../shared/target/target_node.ts';
import { targetFleet } from '../support/target_fleet.ts';

/** Each resolves to what is wrong, or to undefined, and throws errors of ours for what it refuses. */
export const wireJudges = {
  frames: tryFrames,
  payload: tryPayload,
  target: tryTarget,
  arguments: tryArguments,
} as const;

const access = createAccess(messageTable);
const { publicKey } = generateKeyPairSync('ed25519');
const FRAME_BYTES_MAX = 64 * 1024;
const FINGERPRINT = 'ab'.repeat(32);

/** Who may publish what, said once more and otherwise: by the whole topic. */
const mayPublish: readonly (readonly [Identity, RegExp])[] = [
  [
    { role: 'minion', id: 'evil' },
    /^salt\/(ret\/\d{20}|ret\/\d{20}\/evil(\/\d{1,6})?|ack\/\d{20}\/evil|req\/evil\/[^/]+|fire\/evil\/.+|info\/evil)$/su,
  ],
  [{ role: 'unenrolled', id: FINGERPRINT }, new RegExp(`^salt/enroll/${FINGERPRINT}$`)],
  [{ role: 'operator', id: 'evil' }, /^salt\/op\/evil\/(req\/[\w-]{1,16}|fire\/.+)$/su],
  [{ role: 'local', id: 'evil' }, /^\$local\/.+$/su],
];

/** What must reach none of them, whatever filter they were granted. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  minion: ['salt/job/m1', 'salt/job/m1/ctl', 'salt/event/x', 'salt/err/m1', 'salt/op/m1/rsp/x', '$SYS/x', '$local/x'],
  unenrolled: ['salt/job/m1', 'salt/job/evil', `salt/enroll/${'cd'.repeat(32)}/rsp`, 'salt/master', '$local/x'],
  operator: ['$local/x', '$nowhere'],
  local: ['salt/job/evil', 'salt/master', '$SYS/x', '$nowhere'],
};

interface SomePacket {
  readonly cmd: string;
  readonly topic?: string;
  readonly payload?: Buffer;
  readonly retain?: boolean;
  readonly qos?: 0 | 1 | 2;
  readonly subscriptions?: readonly { readonly topic: string }[];
  readonly clientId?: string;
  readonly username?: string;
}

function tryFrames(text: string): string | undefined {
  const problems: string[] = [];
  let refusal: Error | undefined;
  const packetParser = parser() as unknown as PacketParser;
  guardFrames(packetParser, () => FRAME_BYTES_MAX);
  packetParser.on('error', (error: Error) => {
    refusal ??= error;
  });
  packetParser.on('packet', (packet: SomePacket) => {
    problems.push(...problemsOf(packet));
  });
  packetParser.parse(Buffer.from(text, 'latin1'));
  // Whatever a parser of MQTT says ends the connection; what is ours says more.
  if (refusal instanceof TypeError || refusal instanceof RangeError) {
    if (!/Invalid (?:array )?length|out of range|must be of type/.test(refusal.message)) throw refusal;
  }
  if (problems.length === 0 && refusal !== undefined) throw new FleetError('MESSAGE_INVALID', refusal.message);
  return problems[0];
}

function* problemsOf(packet: SomePacket): Iterable<string> {
  const { topic = '', payload = Buffer.alloc(0), retain = false, qos = 0, subscriptions = [] } = packet;
  for (const [who, shape] of packet.cmd === 'publish' ? mayPublish : []) {
    const judged = checkPublish(access, who, { topic, payload, retain, qos }, () => true);
    if (!('reason' in judged) && !shape.test(topic)) yield `${who.role} published ${topic}`;
  }
  for (const { topic: filter } of packet.cmd === 'subscribe' ? subscriptions : []) {
    for (const [who] of mayPublish) {
      if (!access.maySubscribe(who, filter)) continue;
      const heard = foreign[who.role]?.find((one) => filterMatches(filter, one));
      if (heard !== undefined && who.role !== 'operator' && who.role !== 'local')
        yield `${who.role} heard ${heard} by ${filter}`;
      if (heard !== undefined && access.mayReceive(who, heard)) yield `${who.role} was handed ${heard}`;
    }
  }
  if (packet.cmd === 'connect') yield* problemsOfConnect(packet);
}

function* problemsOfConnect({ clientId = '', username }: SomePacket): Iterable<string> {
  const identities = {
    owner: 'root',
    isOperator: () => false,
    isExternalOperator: () => Promise.resolve(false),
    isDevice: () => false,
    observerTopics: () => undefined,
    refuseMinion: () => undefined,
  };
  const door: ListenerOptions = { kind: 'tls', host: '', port: 0, keyPem: '', certPem: '', caPem: '' };
  const certificate = { commonName: 'evil', fingerprint: FINGERPRINT, problem: undefined };
  const claim = { clientId, user: username || undefined, password: undefined };
  const known = authenticate(door, { ...claim, certificate }, identities);
  if ('who' in known && (known.who.id !== 'evil' || known.who.role !== 'minion'))
    yield `a certificate of evil was ${known.who.id}`;
  const unknown = authenticate(door, { ...claim, certificate: undefined }, identities);
  if ('who' in unknown && unknown.who.role !== 'unenrolled') yield `nobody was ${unknown.who.role} ${unknown.who.id}`;
}

async function tryPayload(text: string): Promise<string | undefined> {
  const bytes = Buffer.from(text, 'latin1');
  if (await isVerified(bytes)) return 'what nobody signed was verified';
  const value = decodePayload(bytes);
  for (const message of messageTable) if (!message.raw) ignoreOurs(() => message.check(value));
  const shown = createTranscoder()(bytes).toString();
  if (shown.includes('\n')) return `an observer would see two lines: ${shown}`;
  JSON.parse(shown);
  const json = toJsonLine(value).toString();
  // CBOR has no half of a surrogate pair, and the decoder renames this one member.
  if (/\\ud[89a-f]|"__proto__"/.test(json)) return undefined;
  const again = toJsonLine(decodePayload(encodePayload(value, 'cbor'))).toString();
  return again === json ? undefined : `${json} became ${again}`;
}

async function isVerified(bytes: Buffer): Promise<boolean> {
  try {
    await verifyJob(openPayload(bytes), 'evil', () => publicKey);
    return true;
  } catch (error) {
    if (error instanceof FleetError) return false;
    throw error;
  }
}

function ignoreOurs<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

const nodegroups = { all: '*', loop: 'N@loop or N@all', web: 'G@os:Debian and web*', list: ['web1', 'db1'] };
/** A target may take so long, milliseconds, on a loaded machine. */
const TARGET_MS = 3000;

async function tryTarget(text: string): Promise<string | undefined> {
  const cut = text.indexOf('\n');
  const [type, tgt] = [text.slice(0, cut) as TargetType, text.slice(cut + 1)];
  const begun = performance.now();
  const selected = await select(tgt, type);
  const ms = performance.now() - begun;
  if (ms > TARGET_MS) return `it took ${Math.round(ms)} ms`;
  // As a word of a compound target it would mean something else.
  if (type !== 'compound' && /^[A-Z].?@/su.test(tgt)) return undefined;
  const words = wordsOfTarget(parseTarget(tgt, type, { nodegroups }));
  // Words that stand for something else within a compound target, or would be cut once more.
  if (words.some((word) => word === '' || /[\s,@()]/.test(word.replace(/^[A-Z].?@/su, '')))) return undefined;
  const again = await select(words, 'compound').catch((error: unknown) => {
    if (error instanceof FleetError) return undefined;
    throw error;
  });
  return again === undefined || again === selected ? undefined : `${selected} became ${again} by ${words.join(' ')}`;
}

async function select(tgt: string | string[], type: TargetType): Promise<string> {
  const matches = await matcherOf(tgt, type, { nodegroups });
  return Object.entries(targetFleet)
    .filter(([id, grains]) => matches({ id, grains }))
    .map(([id]) => id)
    .join();
}

async function tryArguments(text: string): Promise<undefined> {
  const argv = text.split('\n');
  const { kwarg } = await parseCallArgs(argv);
  if (Object.getPrototypeOf(kwarg) !== Object.prototype) throw new TypeError('arguments have another prototype');
  ignoreOurs(() => splitCommand(text));
  parseCommand(saltCommand().configureOutput({ writeOut: () => undefined }), argv);
  return undefined;
}
