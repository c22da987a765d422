import { expect, test } from 'vitest';
import { encodePayload } from '../../shared/protocol/codec.ts';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';

/** What an accepted minion asks of the master, where the answer would cost far more than the question. */
const hostile = useHostileFleet({ master: { max_open_requests: 8, max_refusals: 1000 } });

/** The longest that the master may be busy with one question; a loaded machine included. */
const PATIENCE_MS = 5000;

let count = 0;
/** The answer to a request, as a minion gets it. */
async function ask(minion: Attacker, verb: string, payload: object) {
  const c = `q${++count}`;
  await minion.publish(`salt/req/evil/${verb}`, { c, ...payload });
  const isAnswer = ({ topic }: { readonly topic: string }): boolean => topic === `salt/job/evil/rsp/${c}`;
  await minion.packets.waitFor((packet) => packet.cmd === 'publish' && isAnswer(packet));
  return JSON.parse(minion.got.find(isAnswer)?.text ?? '') as {
    value?: unknown;
    error?: { code: string; message: string };
  };
}

async function connected(): Promise<Attacker> {
  const minion = await hostile().evil();
  await minion.publish('salt/info/evil', { v: 1, version: 'x', max_packet: 262144, window: 1, enc: 'json' }, true);
  await minion.subscribe('salt/job/evil/#');
  return minion;
}

/** Mappings in mappings. */
function tree(levels: number): object {
  const below = levels === 0 ? 'x' : tree(levels - 1);
  return Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`k${index}`, below]));
}

const targets: readonly [string, string, string | string[]][] = [
  ['a count in an expression', 'pcre', 'a{1000}'.repeat(600)],
  ['counts in counts', 'pcre', '(((a{30}){30}){30}){30}'],
  ['what backtracks elsewhere', 'pcre', '(a+)+(a+)+(a|a)*(a|aa)+$'],
  ['parentheses', 'pcre', `${'('.repeat(2000)}a${')'.repeat(2000)}`],
  ['classes of Unicode', 'pcre', '\\pL'.repeat(1300)],
  ['stars', 'glob', '*a'.repeat(2000)],
  ['brackets', 'glob', '['.repeat(4000)],
  ['names that may be any', 'grain', `${'*:'.repeat(16)}z`],
  ['many delimiters', 'grain', `a${':a'.repeat(2000)}`],
  ['an expression for a long grain', 'grain_pcre', `long:(?:a?|b)*${'a?'.repeat(1500)}c`],
  ['a glob for a long grain', 'grain', `long:*?${'a'.repeat(200)}c`],
  ['parentheses of a compound', 'compound', `${'( '.repeat(2000)}m1`],
  ['negations', 'compound', `${'not '.repeat(1000)}m1`],
  ['expressions in a compound', 'compound', `${'E@a{999} or '.repeat(300)}m1`],
  ['words in a list', 'compound', Array.from({ length: 5000 }, () => 'm1')],
  ['a text of a megabyte', 'list', 'm1,'.repeat(50_000)],
  ['a node group', 'nodegroup', 'x'.repeat(4000)],
];

test.each(targets)('a target is read in time or refused, whoever asks: %s', async (_what, tgt_type, tgt) => {
  const { expectUnharmed } = hostile();
  const minion = await connected();
  const grains = { long: 'ab'.repeat(50_000), ...tree(3) };
  expect(await ask(minion, 'grains', { hash: 'x', grains })).toEqual({ value: { wanted: false } });
  for (const question of [
    { verb: 'mine', op: 'get', names: ['x'] },
    { verb: 'publish', op: 'publish', fun: 'test.ping', timeout: 1 },
  ]) {
    const begun = performance.now();
    const { verb, ...payload } = question;
    const { value, error } = await ask(minion, verb, { ...payload, tgt, tgt_type });
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
    if (error === undefined) expect(value).toEqual({ x: {} });
    else expect(error.code).toMatch(/^(TARGET_INVALID|MESSAGE_INVALID|NOT_PERMITTED|TARGET_EMPTY|LIMIT_EXCEEDED)$/);
    await expectUnharmed();
  }
});

test('who may read a value of the mine is no place for such a target either', async () => {
  const { expectUnharmed, fleet } = hostile();
  const minion = await connected();
  for (const [, allow_tgt_type, allow_tgt] of targets) {
    const begun = performance.now();
    await ask(minion, 'mine', { op: 'update', items: { trap: { value: 'x', allow_tgt, allow_tgt_type } } });
    await fleet.run('m1', 'mine.get', ['evil', 'trap']);
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
  }
  await expectUnharmed();
});

test('grains of no shape, too many or too deep are refused, and nothing is selected by them', async () => {
  const { refusals, expectUnharmed, fleet } = hostile();
  const minion = await connected();
  expect(await ask(minion, 'grains', { hash: 'x', grains: 'x' })).toMatchObject({ error: { code: 'MESSAGE_INVALID' } });
  expect(await ask(minion, 'grains', { hash: 'y'.repeat(65) })).toMatchObject({ error: { code: 'MESSAGE_INVALID' } });
  const told = refusals.all.length;
  await minion.publish('salt/req/evil/grains', `{"c":"x","hash":"x","grains":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`);
  await minion.publish('salt/req/evil/grains', { c: 'x', hash: 'x', grains: { a: 'x'.repeat(256 * 1024) } });
  await refusals.waitFor(() => refusals.all.length === told + 2);
  const named = { id: 'm1', hash: 'z', grains: { id: 'm1', os: 'TestOS', __proto__: { os: 'x' } } };
  await ask(minion, 'grains', named);
  expect(await fleet.call('runner', 'cache.grains', ['m1'])).toMatchObject({ m1: { id: 'm1', os: 'TestOS' } });
  await expectUnharmed();
});

test('questions that are open at a time, of no kind, or without an answer to wait for are bounded', async () => {
  const { expectUnharmed, fleet } = hostile();
  const minion = await connected();
  for (const verb of ['pillar', 'file', 'constructor', '__proto__', 'toString', 'HELLO']) {
    expect(await ask(minion, verb, {})).toMatchObject({ error: { code: 'FUNCTION_UNKNOWN' } });
  }
  await minion.publish('salt/req/evil/hello', { c: '../x' });
  await minion.publish('salt/req/evil/hello', { c: '#' });
  expect(minion.refusals.map(({ reason }) => reason)).toEqual(['schema', 'schema']);
  const renewed = await ask(minion, 'renew', { id: 'm1', csr: 'x' });
  expect(renewed.value).toMatchObject({ st: 'accepted', cert: expect.stringContaining('BEGIN CERTIFICATE') });
  await expectUnharmed();
  expect(fleet.masterLog.all.filter((line) => /\bbug\b/.test(line))).toEqual([]);
});

test.each([
  ['an answer of the mine that no packet holds', 'mine', { op: 'get', tgt: '*', names: Array(2000).fill('x') }],
  ['more names than there are', 'mine', { op: 'delete', names: Array.from({ length: 5000 }, (_, n) => `n${n}`) }],
  ['an update of nothing', 'mine', { op: 'update', unchanged: Array(5000).fill('x') }],
  ['a runner', 'publish', { op: 'runner', fun: 'constructor.constructor' }],
])('%s is answered in time', async (_what, verb, payload) => {
  const minion = await connected();
  const begun = performance.now();
  await ask(minion, verb, payload);
  expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
  await hostile().expectUnharmed();
});

test.each([
  [
    '30,000 members',
    encodePayload({ c: 'x', ...Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [n, 0])) }, 'cbor'),
  ],
  ['a member of its prototype', Buffer.from('{"c":"x","__proto__":{"op":"get"},"tgt":"*","names":["x"]}')],
  ['numbers without end', Buffer.from(`{"c":"x","n":${'9'.repeat(200_000)}}`)],
  ['a text of escapes', Buffer.from(`{"c":"x","n":"${'\\u0000'.repeat(40_000)}"}`)],
  ['two members of one name', Buffer.from('{"c":"x","c":"y","op":"flush","op":"get"}')],
  [
    'bytes that are not UTF-8',
    Buffer.concat([Buffer.from('{"c":"x","n":"'), Buffer.alloc(1000, 0xff), Buffer.from('"}')]),
  ],
  ['half a surrogate', Buffer.from('{"c":"x","n":"\\ud800"}')],
])('a question with %s costs little and changes nothing', async (_what, payload) => {
  const { expectUnharmed } = hostile();
  const minion = await connected();
  const begun = performance.now();
  await minion.publish('salt/req/evil/mine', payload as Buffer);
  await minion.settled();
  expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
  expect(({} as Readonly<Record<string, unknown>>).op).toBeUndefined();
  await expectUnharmed();
});
