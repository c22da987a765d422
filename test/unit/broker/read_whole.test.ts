import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import type { PacketParser } from '../../../broker/aedes_internals.ts';
import { readWhole } from '../../../broker/read_whole.ts';

const BYTES_MAX = 200;

/** What a parser makes of these pieces, and which packets it had to parse itself. */
function parseAll(pieces: readonly Buffer[], change: (own: PacketParser) => void = () => undefined) {
  const own = parser() as unknown as PacketParser;
  const told: unknown[] = [];
  const parsed: Buffer[] = [];
  const parse = own.parse;
  own.parse = function parseAndNote(this: PacketParser, bytes: Buffer) {
    parsed.push(bytes);
    return parse.call(this, bytes);
  };
  change(own);
  own.on('packet', ({ cmd, qos, dup, retain, topic, payload, messageId, length }) =>
    told.push({ cmd, qos, dup, retain, topic, payload: payload?.toString('hex'), messageId, length }),
  );
  own.on('error', (error: Error) => told.push(error.message));
  for (const piece of pieces) {
    own.parse(piece);
    if (typeof told.at(-1) === 'string') break;
  }
  return { told, parsed: Buffer.concat(parsed) };
}

const readWholeOf = (own: PacketParser): void => readWhole(own, () => BYTES_MAX);

const publish = (topic: string, qos: 0 | 1 | 2, payload: string, dup = false, retain = false): Packet => ({
  cmd: 'publish',
  topic,
  qos,
  payload: Buffer.from(payload),
  dup,
  retain,
  messageId: 500,
});

test('PUBACKs and publishes that came whole are read without the parser', () => {
  const packets: Packet[] = [
    { cmd: 'puback', messageId: 0x1234 },
    publish('salt/ret/1', 1, '{}', true),
    publish('salt/é', 0, '', false, true),
    publish('a', 1, 'x'.repeat(150)),
  ];
  const bytes = Buffer.concat(packets.map((packet) => generate(packet)));
  const { told, parsed } = parseAll([bytes], readWholeOf);
  expect(parsed).toHaveLength(0);
  expect(told).toEqual(parseAll([bytes]).told);
  expect(told).toHaveLength(4);
});

test.each<[string, Packet]>([
  ['larger than may be sent', publish('a', 1, 'x'.repeat(BYTES_MAX))],
  ['of QoS 2', publish('a', 2, 'x')],
  ['of another kind', { cmd: 'pingreq' }],
])('a packet %s is left to the parser, with what follows', (_, packet) => {
  const before = generate(publish('b', 1, 'before'));
  const rest = Buffer.concat([generate(packet), generate({ cmd: 'puback', messageId: 1 })]);
  const { told, parsed } = parseAll([Buffer.concat([before, rest])], readWholeOf);
  expect(parsed).toEqual(rest);
  expect(told).toHaveLength(3);
});

test('the end of a packet that came in pieces is left to the parser', () => {
  const bytes = generate(publish('a/b', 1, 'payload'));
  for (let cut = 1; cut < bytes.length; cut++) {
    const pieces = [bytes.subarray(0, cut), bytes.subarray(cut), bytes];
    const { told, parsed } = parseAll(pieces, readWholeOf);
    expect(told).toEqual(parseAll(pieces).told);
    expect(parsed).toEqual(bytes);
  }
});

test('whatever comes in whatever pieces, the same packets and errors come out as without', () => {
  const packet = fc.oneof(
    fc
      .tuple(fc.string({ maxLength: 5 }), fc.constantFrom(0, 1, 2), fc.string(), fc.boolean(), fc.boolean())
      .map(([topic, qos, payload, dup, retain]) =>
        generate(publish(`t${topic}`, qos as 0 | 1 | 2, payload, dup, retain)),
      ),
    fc.constantFrom<Packet>({ cmd: 'puback', messageId: 3 }, { cmd: 'pingreq' }).map((one) => generate(one)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(packet), fc.array(fc.nat(200)), (packets, cuts) => {
      const bytes = Buffer.concat(packets);
      const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      expect(parseAll(pieces, readWholeOf).told).toEqual(parseAll(pieces).told);
    }),
    { numRuns: 300 },
  );
});
