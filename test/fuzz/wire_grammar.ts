import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { encodeSign1 } from '../../shared/crypto/cose.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import { TargetType } from '../../shared/protocol/fields.ts';
import { messageTable } from '../../shared/protocol/message_table.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { damagedText } from '../support/yaml_documents.ts';
import type { FuzzCase } from './fuzz_grammar.ts';

/** What comes from a network or is typed on a command line. Bytes stand in a text as Latin-1. */
const bytesText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const names = ['evil', 'm1', '..', '', '+', '#', '$SYS', 'escaped', '__proto__', 'constructor', 'м1', 'x'.repeat(70)];
const exampleTopics = messageTable.map(({ topic, example }) => formatTopic(topic, example.params as never));
const levels = [
  ...['salt', 'job', 'ret', 'ack', 'req', 'fire', 'info', 'err', 'event', 'presence', 'master', 'enroll', 'op', 'rsp'],
  ...['$local', '$share', '$SYS', 'g', 'ctl', 'blk', 'hello', '0', '20260101000000000000', 'ab'.repeat(32), ...names],
];
const topic = fc.oneof(
  fc.constantFrom(...exampleTopics),
  fc.array(fc.constantFrom(...levels), { minLength: 1, maxLength: 7 }).map((parts) => parts.join('/')),
  damagedText(fc.constantFrom(...exampleTopics), [
    ...levels,
    '/',
    '/+',
    '/#',
    '\0',
    '//',
    '+',
    '#',
    '\ud800',
    '\u200b',
  ]),
);

const examples = messageTable.filter(({ raw }) => !raw).map(({ example }) => example.payload);
const bombs = [
  Buffer.alloc(64, 0x81),
  Buffer.concat([Buffer.from('a16161', 'hex'), Buffer.alloc(64, 0x81), Buffer.from([0])]),
  Buffer.from('a16161c25a000186a0', 'hex'),
  Buffer.from('a161619b7fffffffffffffff', 'hex'),
  Buffer.from('a16161d81b8366526567457870622e2a60', 'hex'),
  Buffer.from('{"__proto__":{"a":1},"constructor":{"prototype":{}}}'),
  Buffer.from(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`),
  Buffer.from('{"a":1e999,"b":-0,"c":"\\ud800"}'),
];
const payloadValue = fc.oneof(
  fc.jsonValue(),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('é', '→', '😀', 'x'.repeat(300)),
);
const goodPayload = fc.oneof(
  fc
    .tuple(fc.constantFrom(...examples), fc.constantFrom('cbor' as const, 'json' as const))
    .map(([value, encoding]) => bytesText(encodePayload(value, encoding))),
  fc
    .dictionary(fc.constantFrom('id', 'jid', 'fun', 'c', 'return', 'kwarg', 'arg'), payloadValue)
    .chain((value) =>
      fc.constantFrom('cbor' as const, 'json' as const).map((encoding) => bytesText(encodePayload(value, encoding))),
    ),
  fc.constantFrom(...bombs.map(bytesText)),
);
const byteScraps = [
  ...[
    '\0',
    '\x7f',
    '\x80',
    '\xff',
    '\xa0',
    '\xbf',
    '\xc2',
    '\xd2',
    '\xd2\x84',
    '\xd8\x1b',
    '\xf6',
    '\xf7',
    '\xf8',
    '\xfb',
  ],
  ...[
    '\x9b\x7f\xff\xff\xff\xff\xff\xff\xff',
    '\x5a\xff\xff\xff\xff',
    '\x1b',
    '{',
    '}',
    '"',
    '\t',
    '\tk.AAAA',
    '\n',
    '\\u0000',
  ],
  ...[
    '\xd2\x84\x43\xa1\x01\x27\xa1\x04\x41k',
    '\xff\xff\xff\x7f',
    '\x00\x04MQTT\x04',
    '\x82\x05',
    '\x30\x00',
    '\x10\x00',
    // AUTH of MQTT 5.
    '\xf0\x02\x00\x00',
  ],
];
const signedPayload = goodPayload.map((text) => {
  const sign1 = { kid: 'k', payload: Buffer.from(text, 'latin1'), signature: Buffer.alloc(64) };
  return bytesText(encodeSign1(sign1));
});
const payload = fc.oneof(
  goodPayload,
  damagedText(goodPayload, byteScraps),
  signedPayload,
  damagedText(signedPayload, byteScraps),
);

const messageId = fc.nat(65_535);
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    cmd: fc.constant('connect' as const),
    protocolId: fc.constantFrom('MQTT' as const, 'MQIsdp' as const),
    protocolVersion: fc.constantFrom(3 as const, 4 as const, 5 as const),
    clientId: fc.constantFrom(...names, 'ab'.repeat(32)),
    username: fc.constantFrom(...names, undefined),
    clean: fc.constant(true),
    keepalive: fc.nat(70_000),
    will: fc.option(fc.record({ topic, qos, retain: fc.boolean(), payload: fc.constant(Buffer.from('gone')) }), {
      nil: undefined,
    }),
  }) as fc.Arbitrary<Packet>,
  fc.record({
    cmd: fc.constant('unsubscribe' as const),
    messageId,
    unsubscriptions: fc.array(topic, { minLength: 1, maxLength: 4 }),
  }) as fc.Arbitrary<Packet>,
  fc.record({
    cmd: fc.constant('publish' as const),
    ...{ topic, qos, messageId, dup: fc.boolean(), retain: fc.boolean() },
    payload: payload.map((text) => Buffer.from(text, 'latin1')),
  }) as fc.Arbitrary<Packet>,
  fc.record({
    cmd: fc.constant('subscribe' as const),
    messageId,
    subscriptions: fc.array(fc.record({ topic, qos }), { minLength: 1, maxLength: 4 }),
  }) as fc.Arbitrary<Packet>,
  fc.constantFrom<Packet>(
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
    { cmd: 'puback', messageId: 1 },
    { cmd: 'pubrel', messageId: 1 },
    // What a master sends, and a client should not.
    { cmd: 'connack', returnCode: 0, sessionPresent: false },
    { cmd: 'suback', messageId: 1, granted: [0, 128] },
    { cmd: 'unsuback', messageId: 1, granted: [] },
    { cmd: 'pubrec', messageId: 1 },
    { cmd: 'pubcomp', messageId: 1 },
  ),
);
const frames = fc.array(packet, { minLength: 1, maxLength: 5 }).map((packets) => packets.map(frame).join(''));

/** What the library does not write, the damage makes. */
function frame(one: Packet): string {
  try {
    return bytesText(generate(one));
  } catch {
    return '\x30\x02\x00\x00';
  }
}

const patterns = [
  ...[
    '*',
    'web*',
    'web[12]',
    '[!a-z]?',
    '[',
    ']',
    '[]',
    '[z-a]',
    '*a*a*a*b',
    'web1,db1',
    '10.0.0.0/8',
    '::1/129',
    '1.2.3.4.5',
  ],
  ...[
    'os:Debian',
    'os:*',
    '*:*:*:x',
    'a:b:c:0:-1',
    'roles:web',
    ':',
    '::',
    'nested:deep:*',
    'escaped:*',
    '__proto__:x',
    'id:*',
  ],
  ...[
    '(a+)+$',
    'a{1000}',
    '(?P<n>x)',
    '(?<=x)y',
    '\\1',
    '\\pL*',
    '(?i)WEB',
    'a{2}{3}',
    '[[:alpha:]]',
    '\\Z',
    '\\u00e9',
    '(',
    ')*',
  ],
];
const word = fc.oneof(
  fc.constantFrom('and', 'or', 'not', '(', ')', '', ' ', '@', 'N@all', 'N@loop', 'N@nobody', 'X@y', 'G@', 'escaped@x'),
  fc.constantFrom(...patterns),
  fc
    .tuple(fc.constantFrom(...'GPILSEJN'), fc.constantFrom('', '|', ':', '😀'), fc.constantFrom(...patterns))
    .map(([letter, delimiter, pattern]) => `${letter}${delimiter}@${pattern}`),
);
const compound = fc.array(word, { minLength: 1, maxLength: 9 }).map((words) => words.join(' '));
const targetScraps = [
  ...patterns,
  ' ',
  ' and ',
  ' not ',
  '(',
  ')',
  '@',
  ':',
  '*',
  '?',
  '[',
  ']',
  '{9999}',
  '\0',
  '\ud800',
  '\n',
];
const target = fc
  .tuple(
    fc.constantFrom(...TargetType.options),
    damagedText(fc.oneof(compound, fc.constantFrom(...patterns)), targetScraps),
  )
  .map(([type, text]) => `${type}\n${text}`);

const option = [
  ...[
    '-L',
    '-E',
    '-G',
    '-C',
    '-b',
    '--batch',
    '--out',
    '--out=json',
    '--timeout',
    '-t',
    '--async',
    '--',
    '-',
    '--escaped',
    '-l',
  ],
  ...[
    '--no-parse',
    '--return',
    '--limit',
    '--seed',
    '--delimiter',
    '-h',
    '--version',
    '--args-separator',
    '--__proto__',
    '-Lx',
  ],
];
const value = [
  ...[
    'test.ping',
    '*',
    'cmd.run',
    'a,b',
    ',',
    'key=value',
    'a=b=c',
    '==',
    'x=',
    '=x',
    '__proto__=1',
    'escaped=1',
    '{a: 1}',
    '[1, 2',
  ],
  ...[
    '{',
    '}',
    '!!python/name:os.system',
    '&a *a',
    '1_000',
    '0x1F',
    '1e999',
    '~',
    'null',
    '# x',
    "'",
    '"',
    '\\',
    '10%',
    '5m',
    '-1',
    '',
  ],
  ...[
    'a: b',
    '- a',
    'é',
    '\0',
    '\x1b[31m',
    '\ud800',
    '2024-02-30',
    '9'.repeat(400),
    '{__proto__: {a: 1}}',
    '<<: {a: 1}',
  ],
];
const argv = fc
  .array(fc.constantFrom(...option, ...value), { minLength: 1, maxLength: 8 })
  .map((words) => words.join('\n'));

const caseOf =
  (kind: FuzzCase['kind']) =>
  (text: string): FuzzCase => ({ kind, text });

/** As many of each as take about the same time. */
export const wireCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(frames, damagedText(frames, byteScraps)).map(caseOf('frames')) },
  { weight: 3, arbitrary: payload.map(caseOf('payload')) },
  { weight: 3, arbitrary: target.map(caseOf('target')) },
  { weight: 1, arbitrary: damagedText(argv, [...value, '\n', '-', '=']).map(caseOf('arguments')) },
);
