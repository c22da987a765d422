import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AnyBeacon, defineBeacon } from '../../../minion/beacon.ts';
import { startBeacons } from '../../../minion/beacons.ts';
import type { BeaconRequest } from '../../../minion/context.ts';
import { type FakeContextOverrides, fakeContext } from '../../support/fake_context.ts';
import { until } from '../../support/until.ts';

const hello = defineBeacon({
  summary: 'Says a word.',
  config: v.strictObject({ word: v.string('must be text') }),
  example: [{ word: 'hello' }],
  data: { word: 'what it says' },
  async *watch({ ticks }, { word }) {
    for await (const _ of ticks()) yield { tag: word, data: { word } };
  },
});
const broken = defineBeacon({
  ...hello,
  // biome-ignore lint/correctness/useYield: it fails before it could
  async *watch() {
    throw new Error('broken');
  },
} as unknown as AnyBeacon);
const elsewhere = { ...hello, unavailable: () => 'it is for another system' };

const specs: Record<string, AnyBeacon> = { hello, broken, elsewhere };
const folder = {
  names: Object.keys(specs),
  load: async (name: string) => specs[name],
  rescan: () => undefined,
};

function start(config: Readonly<Record<string, unknown>>, overrides: FakeContextOverrides = {}) {
  const context = fakeContext(overrides);
  const { id, events, jobs, log } = context;
  const contextOf = (signal: AbortSignal) => ({ ...context, signal });
  const beacons = startBeacons({ id, folder, config, events, jobs, log, contextOf, interfaces: () => ({}) });
  onTestFinished(() => beacons.stop());
  return {
    context,
    manage: (func: BeaconRequest['func'], name?: string, beacon_data?: unknown) =>
      beacons.manage({ func, ...(name !== undefined && { name }), beacon_data }),
    fired: (tag: string) => until(`an event ${tag}`, () => context.fired.some((event) => event.tag === tag)),
    firedCount: () => context.fired.length,
    logged: (text: string) =>
      until(`a log line about ${text}`, () =>
        context.logged.some(({ fields }) => String(fields.reason).includes(text)),
      ),
    stop: beacons.stop,
  };
}

describe('what is configured', () => {
  test("is told on the minion's own bus and to the master, with the id", async () => {
    const { context, fired } = start({ hello: [{ word: 'you' }] });
    await fired('salt/beacon/minion1/hello/you');
    await until('it is sent to the master', () => context.firedMaster.length > 0);
    expect(context.firedMaster[0]).toEqual({
      tag: 'salt/beacon/minion1/hello/you',
      data: { id: 'minion1', word: 'you' },
    });
  });

  test('may be a mapping too, and another name for a beacon', async () => {
    const { fired } = start({ greeting: { beacon_module: 'hello', word: 'all' } });
    await fired('salt/beacon/minion1/greeting/all');
  });

  test('is left alone when it is wrong: the log says what is right, and the others start', async () => {
    const { fired, logged, manage } = start({
      hello: [{ word: 'you' }],
      wrong: [{ beacon_module: 'hello' }, { word: 5 }],
      misspelt: [{ beacon_module: 'hello' }, { word: 'a' }, { intervall: 5 }],
      helo: [],
      elsewhere: [{ word: 'a' }],
      flat: ['word'],
    });
    await fired('salt/beacon/minion1/hello/you');
    await logged('is not a key with a value');
    await until('all were judged', async () => Object.keys((await manage('list')).problems ?? {}).length === 5);
    expect((await manage('list')).problems).toEqual({
      wrong: 'beacons: wrong: word: must be text; for example [{word: hello}]',
      misspelt: 'beacons: misspelt: intervall: there is no such key; did you mean interval?',
      helo: 'beacons: helo: there is no such beacon; did you mean hello?',
      elsewhere: 'beacons: elsewhere: cannot work here: it is for another system',
      flat: 'beacons: flat: "word" is not a key with a value; write a list of keys with values, such as `- interval: 5`',
    });
  });

  test('does not run when it is disabled, alone or with all others', async () => {
    const all = start({ enabled: false, hello: [{ word: 'you' }] });
    const one = start({ hello: [{ word: 'you' }, { enabled: false }], other: { beacon_module: 'hello', word: 'x' } });
    await one.fired('salt/beacon/minion1/other/x');
    expect(all.firedCount()).toBe(0);
    expect(one.context.fired.some(({ tag }) => tag.includes('/hello/'))).toBe(false);
  });

  test('that fails is listed with its reason', async () => {
    const { logged, manage } = start({ broken: [{ word: 'x' }] });
    await logged('broken');
    expect((await manage('list')).problems).toEqual({ broken: 'failed: Error: broken; tried again after 1 s' });
  });
});

describe('a change', () => {
  test('starts a beacon anew when the one before is over, and not beside it', async () => {
    const seen: string[] = [];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    specs.slow = defineBeacon({
      summary: 'Takes its time to end.',
      config: v.strictObject({ word: v.string() }),
      example: [{ word: 'hello' }],
      data: { word: 'what it says' },
      async *watch({ signal }, { word }) {
        seen.push(`${word} begins`);
        yield { tag: word, data: { word } };
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await released;
        seen.push(`${word} is over`);
      },
    });
    onTestFinished(() => void delete specs.slow);
    const { fired, manage } = start({ slow: [{ word: 'a' }] });
    await fired('salt/beacon/minion1/slow/a');
    await manage('modify', 'slow', [{ word: 'b' }]);
    await manage('list_available');
    release();
    await fired('salt/beacon/minion1/slow/b');
    expect(seen.slice(0, 3)).toEqual(['a begins', 'a is over', 'b begins']);
  });

  test('is applied at once: what is added starts, what is deleted stops', async () => {
    const { context, fired, manage, firedCount } = start({});
    expect(await manage('add', 'hello', [{ word: 'a' }])).toMatchObject({ comment: 'Added new beacon item hello' });
    await fired('salt/beacon/minion1/hello/a');
    await manage('modify', 'hello', [{ word: 'b' }]);
    await fired('salt/beacon/minion1/hello/b');
    expect((await manage('delete', 'hello')).beacons).toEqual({});
    const count = firedCount();
    (context.clock as ReturnType<typeof fakeContext>['clock'] & { advance(ms: number): void }).advance(5000);
    await manage('list');
    expect(firedCount()).toBe(count);
  });

  test('leaves the others running', async () => {
    const { fired, manage, context } = start({ hello: [{ word: 'a' }] });
    await fired('salt/beacon/minion1/hello/a');
    await manage('add', 'other', [{ beacon_module: 'hello' }, { word: 'b' }]);
    await fired('salt/beacon/minion1/other/b');
    expect(context.fired.filter(({ tag }) => tag.endsWith('/a'))).toHaveLength(1);
  });

  test('disables and enables, where Salt writes it', async () => {
    const { manage } = start({ hello: [{ word: 'a' }], map: { beacon_module: 'hello', word: 'b' } });
    await manage('disable_beacon', 'hello');
    await manage('disable_beacon', 'map');
    await manage('disable');
    expect((await manage('list')).beacons).toEqual({
      hello: [{ word: 'a' }, { enabled: false }],
      map: { beacon_module: 'hello', word: 'b', enabled: false },
      enabled: false,
    });
    await manage('enable_beacon', 'hello');
    expect((await manage('enable')).beacons).toMatchObject({
      hello: [{ word: 'a' }, { enabled: true }],
      enabled: true,
    });
    expect((await manage('reset')).beacons).toEqual({});
  });

  test('of run_once disables the beacon after its look', async () => {
    const { fired, manage } = start({ hello: [{ word: 'a' }, { run_once: true }] });
    await fired('salt/beacon/minion1/hello/a');
    await until('it is disabled', async () =>
      JSON.stringify((await manage('list')).beacons).includes('"enabled":false'),
    );
  });
});

test('a configuration is judged before it is taken', async () => {
  const { manage } = start({});
  expect(await manage('validate_beacon', 'hello', [{ word: 'a' }])).toMatchObject({ valid: true });
  expect(await manage('validate_beacon', 'hello', [])).toMatchObject({
    valid: false,
    vcomment: 'beacons: hello: word: is needed; for example [{word: hello}]',
  });
});

test('what is available is what can work here', async () => {
  expect((await start({}).manage('list_available')).available).toEqual(['hello', 'broken']);
});

test('an event that cannot be kept is logged and ends nothing', async () => {
  const events = {
    fire: async () => undefined,
    fireMaster: () => Promise.reject(new Error('the disk is full')),
  };
  const { logged, manage } = start({ hello: [{ word: 'a' }] }, { events });
  await logged('the disk is full');
  expect((await manage('list')).problems).toEqual({});
});
