import { PAYLOAD_LIMITS } from '../../shared/protocol/cbor_scan.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import type { AnyMessage } from '../../shared/protocol/message.ts';
import { formatTopic, TOPIC_LIMITS } from '../../shared/protocol/topic.ts';
import { block, code, page, table } from './markdown.ts';
import { type Field, type Shape, shapesOf } from './schema_text.ts';

/** `docs/protocol.md`: the whole wire, from the message table. */
export function protocolReference(messages: readonly AnyMessage[]): string {
  return page(
    '# The wire, version 1',
    'MQTT 3.1.1. Any client can take part: what follows is all there is to know.',
    '## Rules',
    [
      '- A payload says by its first byte what it is: `{` is a JSON object, 0xA0 to 0xBF a CBOR map (RFC 8949, no tags, no',
      '  indefinite lengths, keys are text), 0xD2 a COSE_Sign1 (RFC 9052) around a CBOR map.',
      '- What is signed is signed for one minion: Ed25519 over the Sig_structure of the COSE_Sign1, whose `external_aad` is the word',
      '  in the table below, NUL and the id of the minion. Signed JSON is compact JSON, one TAB, then `kid.base64url(signature)`; what is',
      '  signed is the word, NUL, the id, NUL and the bytes before the TAB. A constrained minion has an HMAC key of its own: `kid` is `h`,',
      '  the signature the first 16 bytes of HMAC-SHA-256 over the same bytes.',
      '- Who you are comes from your connection. A publish that is not yours is answered as if it had been taken, goes nowhere,',
      '  and is reported on `salt/err/<id>`.',
      '- Commands are never retained; state always is. Times are whole seconds since 1970, UTC.',
      `- A payload has at most ${PAYLOAD_LIMITS.bytes} bytes, ${PAYLOAD_LIMITS.depth} levels and ${PAYLOAD_LIMITS.items} items; a topic at most ${TOPIC_LIMITS.bytes} bytes, not counting the minion id behind its kind, and ${TOPIC_LIMITS.levels} levels.`,
    ].join('\n'),
    '## Topics',
    table(
      ['topic', 'message', 'published by', 'received by', 'QoS', 'retained', 'signed'],
      messages.map((message) => [
        code(readable(message.topic)),
        `[${message.name}](#${anchor(message.name)})`,
        parties(message.from),
        parties(message.to),
        message.qosLow && message.qos > 0 ? `${message.qos}, or 0` : String(message.qos),
        message.retain ? 'yes' : '',
        message.signed === undefined ? '' : code(`salt-${message.signed}-v1`),
      ]),
    ),
    '"That" minion, operator or client is the one whose own id stands in the topic.',
    ...messages.map(messageSection),
  );
}

/** `{id}` as `<id>`, `{tag*}` as `<tag…>`. */
function readable(topic: string): string {
  return topic.replaceAll(/\{(\w+)\*\}/g, '<$1…>').replaceAll(/\{(\w+)\}/g, '<$1>');
}

function anchor(name: string): string {
  return name.replaceAll(/[^\w ]/g, '').replaceAll(' ', '-');
}

function parties(list: AnyMessage['from']): string {
  return list
    .map(({ role, self }) =>
      self === undefined ? NAMES[role] : role === 'unenrolled' ? 'that client' : `that ${role}`,
    )
    .join(', ');
}

const NAMES = {
  master: 'master',
  minion: 'any minion',
  operator: 'any operator',
  observer: 'any observer',
  unenrolled: 'any unenrolled client',
  local: 'any local client',
} as const;

function messageSection(message: AnyMessage): string {
  const { params, payload } = message.example;
  const topic = formatTopic(message.topic, params);
  const head = [`## ${message.name}`, message.summary];
  if (message.raw) return page(...head, 'The payload is the bytes themselves.', block('', topic));
  const cborBytes = encodePayload(payload, 'cbor').length;
  const json = Buffer.from(encodePayload(payload, 'json'));
  return page(
    ...head,
    ...shapesOf(message.payload).map(shapeText),
    `Example, ${json.length} bytes as one line of JSON, ${cborBytes} bytes as CBOR:`,
    block('json', `// ${topic}\n${JSON.stringify(payload, undefined, 2)}`).replace('```json', '```jsonc'),
  );
}

function shapeText({ title, fields, isOpen }: Shape): string {
  const parts = [
    ...(title === undefined ? [] : [`### ${title}`]),
    ...(fields.length === 0 ? [] : [table(['member', 'value', 'needed', 'meaning'], fields.map(fieldRow))]),
    ...(isOpen ? [fields.length === 0 ? 'Any members.' : 'Further members are free.'] : []),
  ];
  return page(...parts);
}

function fieldRow({ name, text, meaning, isRequired, fallback }: Field): string[] {
  const absent = fallback === undefined ? 'no' : `no; left out: ${code(JSON.stringify(fallback))}`;
  return [code(name), text, isRequired ? 'yes' : absent, meaning];
}
