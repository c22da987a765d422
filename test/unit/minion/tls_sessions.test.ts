import { expect, test } from 'vitest';
import { createTlsSessions } from '../../../minion/tls_sessions.ts';

const own = { caPem: 'ca', certPem: 'cert' };
const session = Buffer.from('session');

test('the next connection goes on with the session of the last', () => {
  const sessionOf = createTlsSessions();
  expect(sessionOf(own).last).toBeUndefined();
  sessionOf(own).keep(Buffer.from('first'));
  sessionOf(own).keep(session);
  expect(sessionOf(own).last).toBe(session);
});

test.each([
  ['certificate', { ...own, certPem: 'renewed' }],
  ['authority', { ...own, caPem: 'another' }],
])('another %s begins anew', (_name, other) => {
  const sessionOf = createTlsSessions();
  sessionOf(own).keep(session);
  expect(sessionOf(other).last).toBeUndefined();
});

test('a session with which no connection could be made is not tried again', () => {
  const sessionOf = createTlsSessions();
  sessionOf(own).keep(session);
  sessionOf(own).forget();
  expect(sessionOf(own).last).toBeUndefined();
});
