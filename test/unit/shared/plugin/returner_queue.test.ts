import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FleetError } from '../../../../shared/errors.ts';
import type { Destination } from '../../../../shared/plugin/open_returner.ts';
import { DAY_MS, failing, openQueue, Sink, sink } from '../../../support/returner_sink.ts';
import { returnDelivery } from '../../../support/sample_deliveries.ts';

describe('the returner queue', () => {
  test('stores what it is given and forgets it', async () => {
    const sinks = { sink: new Sink(), other: new Sink() };
    const { queue, folder } = await openQueue(sinks);
    await queue.add([sink, { returner: 'other' }], returnDelivery({ id: 'm1' }));
    await queue.add([sink], returnDelivery({ id: 'm2' }));
    await queue.drained();
    expect(sinks.sink.stored).toEqual(['m1', 'm2']);
    expect(sinks.other.stored).toEqual(['m1']);
    expect(await readdir(folder)).toEqual([]);
    expect(queue.status()).toEqual([
      { returner: 'other', state: 'ok', waiting: 0, waiting_bytes: 0, delivered: 1, dropped: 0 },
      { returner: 'sink', state: 'ok', waiting: 0, waiting_bytes: 0, delivered: 2, dropped: 0 },
    ]);
  });

  test('keeps an entry on disk, for its owner alone, until it is stored', async () => {
    const slow = new Sink();
    let finish = (): void => undefined;
    slow.take = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const { queue, folder } = await openQueue({ sink: slow });
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    const [name = ''] = await readdir(folder);
    expect(await readFile(join(folder, name), 'utf8')).toContain('"id":"m1"');
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    await slow.until(() => slow.opened === 1);
    expect(await readdir(folder)).toEqual([name]);
    finish();
    await queue.drained();
    expect(await readdir(folder)).toEqual([]);
  });

  test('resolves an add whatever becomes of the returner', async () => {
    const broken = new Sink();
    broken.openWith = failing;
    const { queue } = await openQueue({ sink: broken });
    await expect(queue.add([sink, { returner: 'none' }], returnDelivery())).resolves.toBeUndefined();
  });
});

describe('a returner that fails', () => {
  test('is shown with its error and since when, and tried again until it takes everything', async () => {
    const down = new Sink();
    down.take = failing;
    const { queue, clock, log } = await openQueue({ sink: down });
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    await down.until(() => down.closed === 1);
    clock.advance(500);
    expect(queue.status()).toEqual([
      {
        returner: 'sink',
        state: 'retrying',
        waiting: 1,
        waiting_bytes: 4096,
        delivered: 0,
        dropped: 0,
        error: 'the sink is down; start it',
        since: Date.UTC(2026, 0, 1) / 1000,
      },
    ]);
    down.take = () => undefined;
    clock.advance(500);
    await queue.drained();
    expect(down.stored).toEqual(['m1']);
    expect(queue.status()[0]).toMatchObject({ state: 'ok', waiting: 0, delivered: 1 });
    expect(log).toEqual([
      '[WARNING ] a returner fails and will be tried again returner=sink error=the sink is down; start it',
      '[INFO    ] a returner works again returner=sink',
    ]);
  });

  test('is told of when it begins to fail and when it works again, not in between', async () => {
    const down = new Sink();
    down.take = failing;
    const told: string[] = [];
    const { queue, clock } = await openQueue(
      { sink: down },
      { told: ({ returner, state, error }) => told.push(`${returner} ${state} ${error ?? ''}`) },
    );
    await queue.add([sink], returnDelivery());
    await down.until(() => down.closed === 1);
    clock.advance(1000);
    await down.until(() => down.closed === 2);
    down.take = () => undefined;
    clock.advance(4000);
    await queue.drained();
    expect(told).toEqual(['sink retrying the sink is down; start it', 'sink ok ']);
  });

  test('is waited for longer each time, up to a limit, and opened anew each time', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, clock, log } = await openQueue({ sink: down }, { retry: { firstMs: 1000, maxMs: 4000 } });
    await queue.add([sink], returnDelivery());
    await down.until(() => down.opened === 1);
    for (const [index, waitMs] of [1000, 2000, 4000, 4000].entries()) {
      clock.advance(waitMs - 1);
      expect(down.opened).toBe(index + 1);
      clock.advance(1);
      await down.until(() => down.opened === index + 2);
    }
    expect(log).toHaveLength(1);
  });

  test('holds up no other', async () => {
    const sinks = { sink: new Sink(), other: new Sink() };
    sinks.sink.take = () => new Promise(() => undefined);
    const { queue } = await openQueue(sinks);
    await queue.add([sink, { returner: 'other' }], returnDelivery({ id: 'm1' }));
    await sinks.other.until(() => sinks.other.stored.length === 1);
    expect(queue.status().map(({ waiting }) => waiting)).toEqual([0, 1]);
  });

  test('holds up nothing else when it is one return that it does not take', async () => {
    const picky = new Sink();
    picky.take = (id) => (id === 'poison' ? failing() : undefined);
    const { queue, clock } = await openQueue({ sink: picky });
    await queue.add([sink], returnDelivery({ id: 'poison' }));
    await picky.until(() => picky.closed === 1);
    for (const id of ['m1', 'm2', 'm3']) await queue.add([sink], returnDelivery({ id }));
    clock.advance(1000);
    await picky.until(() => picky.closed === 2);
    expect(picky.stored).toEqual(['m1', 'm2', 'm3']);
    expect(queue.status()[0]).toMatchObject({ waiting: 1, state: 'retrying' });
  });

  test('that does not answer is given up after a while and tried again', async () => {
    const hung = new Sink();
    hung.take = () => new Promise(() => undefined);
    const { queue, clock } = await openQueue({ sink: hung }, { retry: { attemptMs: 5000 } });
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    await hung.until(() => hung.opened === 1);
    clock.advance(5000);
    await hung.until(() => hung.closed === 1);
    expect(queue.status()[0]?.error).toBe('the returner did not answer within 5 s');
    hung.take = () => undefined;
    clock.advance(1000);
    await queue.drained();
    expect(hung.stored).toEqual(['m1']);
  });

  test.each(['LIMIT_EXCEEDED', 'MESSAGE_INVALID'] as const)(
    'with %s is taken at its word: that one is dropped',
    async (code) => {
      const strict = new Sink();
      strict.take = (id) => {
        if (id === 'm1') throw new FleetError(code, 'not this one');
      };
      const { queue, log, folder } = await openQueue({ sink: strict });
      await queue.add([sink], returnDelivery({ id: 'm1' }));
      await queue.add([sink], returnDelivery({ id: 'm2' }));
      await queue.drained();
      expect(strict.stored).toEqual(['m2']);
      expect(queue.status()[0]).toMatchObject({ state: 'ok', delivered: 1, dropped: 1 });
      expect(log[0]).toContain('a returner will never take this: it is dropped');
      expect(await readdir(folder)).toEqual([]);
    },
  );
});

describe('a returner that is unknown or misconfigured', () => {
  test('is told of once, kept visible and not tried again', async () => {
    const { queue, clock, log, folder } = await openQueue({});
    for (const id of ['m1', 'm2', 'm3']) await queue.add([{ returner: 'snik' }], returnDelivery({ id }));
    await queue.drained();
    clock.advance(DAY_MS);
    const status = { returner: 'snik', state: 'blocked', waiting: 3, delivered: 0, dropped: 0 };
    expect(queue.status()).toMatchObject([{ ...status, error: "there is no returner 'snik'; there are sink" }]);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain('[ERROR   ] a returner cannot be used; what it should store waits until that is mended');
    expect(await readdir(folder)).toHaveLength(3);
  });

  test('gets what waited when the process starts with it mended', async () => {
    const { queue, folder } = await openQueue({});
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    await queue.drained();
    await queue.stop();
    const mended = new Sink();
    const next = await openQueue({ sink: mended }, { folder });
    await next.queue.drained();
    expect(mended.stored).toEqual(['m1']);
  });

  test('is one that is asked for events and has no place for them', async () => {
    const { queue } = await openQueue({ sink: new Sink() });
    await queue.add([sink], { kind: 'events', value: [{ tag: 'a', data: {} }] });
    await queue.drained();
    expect(queue.status()[0]).toMatchObject({ state: 'blocked', waiting: 1 });
    expect(queue.status()[0]?.error).toContain("the returner 'sink' does not store events");
  });

  test('is not one that has no place for jobs', async () => {
    const { queue } = await openQueue({ sink: new Sink() });
    await queue.add([sink], { kind: 'job', value: { jid: '20260101000000000001', minions: ['m1'], load: {} } });
    await queue.drained();
    expect(queue.status()[0]).toMatchObject({ state: 'ok', waiting: 0 });
  });
});

describe('after a restart', () => {
  test('what was not stored is, oldest first, with where it was to go', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, folder } = await openQueue({ sink: down });
    const special = { returner: 'sink', ret_config: 'far', ret_kwargs: { db: 'x' } };
    for (const id of ['m1', 'm2']) await queue.add([sink], returnDelivery({ id }));
    await queue.add([special], returnDelivery({ id: 'm3' }));
    await queue.stop();

    const destinations: Destination[] = [];
    const up = new Sink();
    const next = await openQueue(
      {},
      {
        folder,
        open(destination) {
          destinations.push(destination);
          return up.open();
        },
      },
    );
    await next.queue.drained();
    expect(up.stored.filter((id) => id !== 'm3')).toEqual(['m1', 'm2']);
    expect(up.stored).toContain('m3');
    expect(destinations).toEqual(expect.arrayContaining([sink, special]));
    expect(next.queue.status().map(({ returner }) => returner)).toEqual(['far.sink (db)', 'sink']);
  });

  test('what a crash left half written is removed, what is damaged is told of, and new entries hurt neither', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, folder } = await openQueue({ sink: down });
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    await queue.stop();
    await writeFile(join(folder, '.000000000002.abc'), '{"kind":"ret');
    await writeFile(join(folder, '000000000007'), '');

    const up = new Sink();
    const next = await openQueue({ sink: up }, { folder });
    await next.queue.add([sink], returnDelivery({ id: 'm2' }));
    await next.queue.drained();
    expect(up.stored).toEqual(['m1', 'm2']);
    expect(await readdir(folder)).toEqual(['000000000007']);
    expect(next.log).toEqual([expect.stringContaining('a file of the returner queue is damaged and left alone')]);
  });

  test('an entry whose content is damaged is dropped and counted, and does not hold up the rest', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, folder } = await openQueue({ sink: down });
    for (const id of ['m1', 'm2']) await queue.add([sink], returnDelivery({ id }));
    await queue.stop();
    const path = join(folder, '000000000001');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -5));
    const up = new Sink();
    const next = await openQueue({ sink: up }, { folder });
    await next.queue.drained();
    expect(up.stored).toEqual(['m2']);
    expect(next.queue.status()[0]).toMatchObject({ delivered: 1, dropped: 1 });
  });

  test('a return that was stored when the process was killed may be stored again, and is never lost', async () => {
    const first = new Sink();
    const { queue, folder } = await openQueue({ sink: first });
    // Killed after it was stored and before that was known: the process never hears of it.
    first.take = (id) => {
      first.stored.push(id);
      return new Promise(() => undefined);
    };
    await queue.add([sink], returnDelivery({ id: 'm1' }));
    await first.until(() => first.opened === 1);
    const second = new Sink();
    const next = await openQueue({ sink: second }, { folder });
    await next.queue.drained();
    expect([first.stored, second.stored]).toEqual([['m1'], ['m1']]);
  });
});
