import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBlacklist, readRules } from '../../../../master/permissions/permission_rules.ts';
import { createPermissions, type Question } from '../../../../master/permissions/permissions.ts';
import { callerNames } from '../../../../shared/plugin/named_calls.ts';

const functions = ['test.ping', 'test.echo', 'cmd.run', 'cmd.shell', 'pkg.install', 'service.restart'];
const grants = ['.*', 'test\\..*', 'cmd\\..*', 'pkg.install', 'service.*', ...functions];
const minions = ['web1', 'web2', 'db1'];
const targets: Readonly<Record<string, readonly string[]>> = { 'web*': ['web1', 'web2'], db1: ['db1'], '*': minions };

const grant = fc.oneof(
  fc.constantFrom(...grants),
  fc.record({ target: fc.constantFrom(...Object.keys(targets)), fun: fc.constantFrom(...grants) }),
);
const world = fc.record({
  alice: fc.array(grant, { maxLength: 4 }),
  forbidden: fc.array(fc.constantFrom('cmd\\..*', 'pkg.install', 'test.echo'), { maxLength: 2 }),
});
const question = fc.record({
  fun: fc.constantFrom(...functions),
  arg: fc.array(fc.constantFrom('id', 'uptime'), { maxLength: 2 }),
  minions: fc.subarray(minions, { minLength: 1 }),
});
type Value<A> = A extends fc.Arbitrary<infer T> ? T : never;
type World = Value<typeof world>;
type Asked = Value<typeof question>;

/** All ways to have a function called by another one, which is permitted. */
const wrappings: Readonly<Record<string, (asked: Asked) => Pick<Question, 'fun' | 'arg' | 'kwarg'>>> = {
  'test.try': ({ fun }) => ({ fun: 'test.try', arg: [], kwarg: { module: fun } }),
  'test.cross_test': ({ fun, arg }) => ({ fun: 'test.cross_test', arg: [fun, arg], kwarg: {} }),
  'saltutil.mmodule': ({ fun, arg }) => ({ fun: 'saltutil.mmodule', arg: ['base', fun, ...arg], kwarg: {} }),
  'mine.send': ({ fun, arg }) => ({ fun: 'mine.send', arg: [fun, ...arg], kwarg: {} }),
  'mine.update': ({ fun, arg }) => ({ fun: 'mine.update', arg: [], kwarg: { mine_functions: { [fun]: arg } } }),
  'schedule.add': ({ fun, arg }) => ({ fun: 'schedule.add', arg: ['a'], kwarg: { function: fun, job_args: arg } }),
  'schedule.modify': ({ fun, arg }) => ({ fun: 'schedule.modify', arg: ['a'], kwarg: { func: fun, args: arg } }),
};

/** The decision once more, in as few words as it has: what the other one must come to. */
function isPermitted({ alice, forbidden }: World, { fun, minions: asked }: Asked): boolean {
  const is = (pattern: string): boolean => new RegExp(`^(?:${pattern})$`).test(fun);
  if (forbidden.some(is)) return false;
  const within = alice.filter((one) => is(typeof one === 'string' ? one : one.fun));
  return (
    within.some((one) => typeof one === 'string') ||
    (within.length > 0 &&
      asked.every((id) => within.some((one) => typeof one !== 'string' && targets[one.target]?.includes(id))))
  );
}

async function answers({ alice, forbidden }: World, asked: Partial<Question>, more: readonly string[] = []) {
  const list = alice.map((one) => (typeof one === 'string' ? one : { [one.target]: [one.fun] }));
  const permissions = createPermissions({
    rules: readRules({ alice: [...list, ...more] }),
    blacklist: readBlacklist({ modules: forbidden }),
    owner: 'root',
    external: () => undefined,
    isOfTheMaster: () => false,
    expired: () => undefined,
    match: async (target) => targets[target] ?? [],
    audit: undefined,
  });
  const whole = { op: 'job', fun: '', arg: [], kwarg: {}, ...asked } as const;
  return permissions.check('alice', whole).then(
    () => true,
    () => false,
  );
}

test('a question has the answer that the rules give', async () => {
  await fc.assert(
    fc.asyncProperty(world, question, async (rules, asked) => {
      expect(await answers(rules, asked)).toBe(isPermitted(rules, asked));
    }),
    { seed: 20261126, numRuns: 1000 },
  );
});

test('all ways to have a function called by another one are played', () => {
  expect(Object.keys(wrappings).sort()).toEqual([...callerNames].sort());
});

test('what is refused is refused too when another function would call it, and what is permitted is permitted', async () => {
  const which = fc.constantFrom(...Object.keys(wrappings));
  await fc.assert(
    fc.asyncProperty(world, question, which, fc.boolean(), async (rules, asked, name, isTwice) => {
      const once = (wrappings[name] as (typeof wrappings)[string])(asked);
      const { fun, arg, kwarg } = once;
      const wrapped = isTwice ? { fun: 'saltutil.mmodule', arg: ['base', fun, ...arg], kwarg } : once;
      const permitted = await answers(rules, { ...wrapped, minions: asked.minions }, callerNames);
      expect(permitted).toBe(isPermitted(rules, asked));
    }),
    { seed: 20261126, numRuns: 1000 },
  );
});
