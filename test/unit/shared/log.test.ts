import { expect, test } from 'vitest';
import { createLogger, type LogLevel, type LogSink, redact } from '../../../shared/log.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function setUp(format: LogSink['format'] = 'text', level: LogLevel = 'all') {
  const lines: string[] = [];
  return { lines, log: createLogger([{ level, format, write: (line) => lines.push(line) }], () => NOW_MS) };
}

test('a line of text has the time, the level, the message and the fields', () => {
  const { lines, log } = setUp();
  log.warning('a job was refused', { jid: '1', reason: 'not me', count: 2, list: [1] });
  expect(lines).toEqual(['2026-01-02 03:04:05 [WARNING ] a job was refused jid=1 reason=not me count=2 list=[1]']);
});

test('a field that is not known is left out', () => {
  const { lines, log } = setUp();
  log.warning('gone', { client: undefined, address: '127.0.0.1' });
  expect(lines).toEqual(['2026-01-02 03:04:05 [WARNING ] gone address=127.0.0.1']);
});

test('a line of JSON is one object', () => {
  const { lines, log } = setUp('json');
  log.error('it broke', { jid: '1' });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { jid: '1', time: '2026-01-02T03:04:05.678Z', level: 'error', message: 'it broke' },
  ]);
});

test('a field cannot take the place of the message, the level or the time', () => {
  const { lines, log } = setUp('json');
  log.info('what happened', { message: 'other', level: 'x', time: 0 });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    message: 'what happened',
    level: 'info',
    time: '2026-01-02T03:04:05.678Z',
    message_: 'other',
  });
});

test('control characters of a peer do not reach the terminal', () => {
  const { lines, log } = setUp();
  log.info('from\u001b[31m a\r\npeer', { text: 'x\u0000y\u009bz\n2026-01-01 [ERROR] forged\u202e', 'k\u001b': 1 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(lines[0]).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202e]/);
  expect(lines[0]?.split('\n')).toHaveLength(1);
  expect(lines[0]).toContain('from [31m a  peer');
});

test.each(['text', 'json'] as const)('a line of %s holds no line feed, whatever is logged', (format) => {
  const { lines, log } = setUp(format);
  log.error('a\nb', { stack: 'Error\n    at x\n    at y' });
  expect(lines[0]).not.toContain('\n');
});

test('less severe lines are not written, and are known not to be', () => {
  const { lines, log } = setUp('text', 'warning');
  log.debug('a');
  log.info('b');
  log.warning('c');
  log.error('d');
  expect(lines.map((line) => line.slice(-1))).toEqual(['c', 'd']);
  expect([log.writes('info'), log.writes('warning')]).toEqual([false, true]);
});

test('each sink has a level of its own', () => {
  const [terminal, file]: string[][] = [[], []];
  const log = createLogger(
    [
      { level: 'error', format: 'text', write: (line) => terminal?.push(line) },
      { level: 'debug', format: 'text', write: (line) => file?.push(line) },
    ],
    () => NOW_MS,
  );
  log.info('a');
  log.error('b');
  expect([terminal?.length, file?.length, log.writes('debug')]).toEqual([1, 2, true]);
});

test('quiet writes nothing at all', () => {
  const { lines, log } = setUp('text', 'quiet');
  log.error('a');
  expect([lines, log.writes('error')]).toEqual([[], false]);
});

test('a child adds its fields to each line, and its own win', () => {
  const { lines, log } = setUp();
  log.child({ jid: '1', id: 'm1' }).info('a', { id: 'm2' });
  expect(lines[0]).toMatch(/ a jid=1 id=m2$/);
});

test('secrets in fields are hidden', () => {
  const { lines, log } = setUp();
  log.info('a', { password: 'hunter2', nested: { api_key: 'hunter2' } });
  expect(lines[0]).not.toContain('hunter2');
});

test.each([
  'password',
  'passwd',
  'Password',
  'db_password',
  'client_secret',
  'token',
  'enroll_token',
  'private',
  'privateKeyPem',
  'credentials',
  'key',
  'ssh_key',
  'apikey',
  'Authorization',
  'X-Api-Key',
  'Cookie',
])('what is called %s is hidden', (name) => {
  expect(redact({ [name]: 'hunter2' })).toEqual({ [name]: '**********' });
});

test.each(['user', 'keys', 'monkey', 'keyword', 'path', 'fun'])('what is called %s is shown', (name) => {
  expect(redact({ [name]: 'x' })).toEqual({ [name]: 'x' });
});

test('a secret is hidden wherever it is, and what is no secret stays as it was', () => {
  expect(redact([{ a: [{ password: { deep: 1 } }] }, 'password', 5, null])).toEqual([
    { a: [{ password: '**********' }] },
    'password',
    5,
    null,
  ]);
  expect(redact({ password: '', token: null, secret: true })).toEqual({ password: '', token: null, secret: true });
  expect(redact(new Uint8Array([1]))).toEqual(new Uint8Array([1]));
});

test('what contains itself is cut', () => {
  const loop: Record<string, unknown> = { a: 1 };
  loop.self = loop;
  expect(JSON.stringify(redact(loop))).toContain('…');
});
