import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTranscoder } from '../../../../broker/transcode.ts';
import { createJobTable } from '../../../../minion/jobs/job_table.ts';
import { isSecretName } from '../../../../shared/log.ts';
import { hideArguments, hideKeywords, hidePositional } from '../../../../shared/plugin/hide_arguments.ts';
import { secretArguments } from '../../../../shared/plugin/secret_arguments.ts';
import { encodePayload } from '../../../../shared/protocol/codec.ts';

const MASK = '**********';
/** `cmd.run` takes a password after this many other arguments. */
const before = secretArguments['cmd.run']?.positions?.[0] ?? 0;
const positional = [...Array<null>(before).fill(null), 'hunter2', 'after'];

describe('positional arguments', () => {
  test('are hidden where the definition of the function names them so', () => {
    expect(before).toBeGreaterThan(0);
    expect(hidePositional('cmd.run', positional)).toEqual([...positional.slice(0, before), MASK, 'after']);
  });

  test('are shown where nobody knows their names', () => {
    expect(hidePositional('mine.own', positional)).toEqual(positional);
    expect(hidePositional(undefined, ['a', 5])).toEqual(['a', 5]);
    expect(hidePositional('constructor', ['a'])).toEqual(['a']);
  });

  test('are hidden when they are typed as keywords, or are the mapping of keywords', () => {
    expect(
      hidePositional('mine.own', ['password=hunter2', 'user=ada', 'x', { __kwarg__: true, token: 't', n: 1 }]),
    ).toEqual([`password=${MASK}`, 'user=ada', 'x', { __kwarg__: true, token: MASK, n: 1 }]);
  });
});

test('headers of HTTP in a list are hidden where their names are those of secrets', () => {
  const header_list = ['Authorization: Bearer abc', 'X-Auth-Token:abc', 'Accept: text/plain', 'Token bucket: full'];
  expect(hideKeywords('http.query', { header_list })).toEqual({
    header_list: [`Authorization: ${MASK}`, `X-Auth-Token: ${MASK}`, 'Accept: text/plain', 'Token bucket: full'],
  });
});

describe('an argument of the name key', () => {
  test('is shown for a function whose definition says what it is', () => {
    expect(hideKeywords('grains.setval', { key: 'roles', val: 'web' })).toEqual({ key: 'roles', val: 'web' });
    expect(hidePositional('grains.setval', ['key=roles', 'web'])).toEqual(['key=roles', 'web']);
  });

  test('is hidden for any other', () => {
    expect(hideKeywords('mine.own', { key: 'k', val: 'v' })).toEqual({ key: MASK, val: 'v' });
  });
});

const secretNames = fc.constantFrom(
  'password',
  'passwd',
  'db_pass',
  'token',
  'api_token',
  'client_secret',
  'priv',
  'private_key',
  'ssh_key',
  'passphrase',
  'credentials',
  'apikey',
  'Authorization',
  'PASSWORD',
);
const plainNames = fc.constantFrom('name', 'user', 'path', 'n', 'compass', 'privileges', 'keyword', 'bypass_proxy');
const secret = 'S3cr3t-of-the-test';
const anything = fc.jsonValue({ maxDepth: 3 });

/** Nested as operators nest: a secret below other mappings and lists. */
const nested = fc.letrec((tie) => ({
  value: fc.oneof(
    secretNames.map((name) => ({ [name]: secret })),
    fc.tuple(plainNames, tie('value')).map(([name, value]) => ({ [name]: value })),
    fc.tuple(anything, tie('value')).map((items) => [...items]),
  ),
})).value;

test('no secret with the name of one gets past, however deep, and the rest stays', () => {
  fc.assert(
    fc.property(nested, secretNames, anything, (deep, name, other) => {
      const job = {
        jid: '1',
        fun: 'mine.own',
        arg: [deep, `${name}=${secret}`, other],
        kwarg: { [name]: secret, deep, n: 1 },
      };
      const seen = [hideArguments(job), hideArguments({ ...job, fun_args: job.arg })];
      seen.push(JSON.parse(createTranscoder()(encodePayload(job, 'json')).toString()));
      seen.push(JSON.parse(createTranscoder()(encodePayload(job, 'cbor')).toString()));
      expect(JSON.stringify(seen)).not.toContain(secret);
      expect(hideArguments(job)).toMatchObject({ jid: '1', fun: 'mine.own', kwarg: { n: 1 } });
      expect(job.kwarg[name]).toBe(secret);
    }),
    { numRuns: 200 },
  );
});

test('what has no secret in it is shown as it is', () => {
  const harmless = fc.dictionary(
    plainNames,
    fc.oneof(
      fc.integer(),
      fc.string().filter((text) => !text.includes('=')),
      fc.boolean(),
      fc.constant(null),
    ),
  );
  fc.assert(
    fc.property(harmless, (kwarg) => {
      const job = { fun: 'mine.own', arg: Object.values(kwarg), kwarg };
      expect(hideArguments(job)).toEqual(job);
      expect(Object.keys(kwarg).some(isSecretName)).toBe(false);
    }),
  );
});

test('what others see of a running job has no secrets', () => {
  const table = createJobTable(() => undefined, 1);
  table.start({ jid: '1', fun: 'cmd.run', arg: positional, exp: 1 });
  expect(table.running()[0]?.arg[before]).toBe(MASK);
});
