import { readdir, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../../support/fake_context.ts';
import { DAY_MS, failing, openQueue, Sink, sink } from '../../../support/returner_sink.ts';
import { returnDelivery } from '../../../support/sample_deliveries.ts';

describe('the limits', () => {
  test('drop what a returner did not take for too long, blocked ones too', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, clock, folder } = await openQueue({ sink: down }, { ageMaxMs: DAY_MS });
    await queue.add([sink, { returner: 'snik' }], returnDelivery());
    await down.until(() => down.opened === 1);
    clock.advance(DAY_MS / 2);
    await queue.add([sink], returnDelivery());
    expect(await readdir(folder)).toHaveLength(3);
    clock.advance(DAY_MS / 2 + 600_000);
    await expect.poll(() => readdir(folder)).toHaveLength(1);
    expect(queue.status()[0]).toMatchObject({ waiting: 1, dropped: 1 });
  });

  test('drop at the start what became too old while the process was away', async () => {
    const down = new Sink();
    down.openWith = failing;
    const { queue, folder } = await openQueue({ sink: down });
    await queue.add([sink], returnDelivery());
    await queue.stop();
    const next = await openQueue({ sink: down }, { folder, clock: fakeClock(Date.UTC(2026, 0, 9)) });
    await next.queue.drained();
    expect(next.queue.status()[0]).toMatchObject({ waiting: 0, dropped: 1 });
    expect(await readdir(folder)).toEqual([]);
  });

  test('of bytes drop the oldest of the longest queue, so that a dead returner costs the others nothing', async () => {
    const sinks = { dead: new Sink(), late: new Sink() };
    for (const each of Object.values(sinks)) each.openWith = failing;
    const { queue, clock, folder } = await openQueue(sinks, { bytesMax: 10 * 4096 });
    await queue.add([{ returner: 'late' }], returnDelivery({ id: 'precious' }));
    for (let n = 0; n < 20; n++) await queue.add([{ returner: 'dead' }], returnDelivery({ id: `m${n}` }));
    expect(await readdir(folder)).toHaveLength(10);
    expect(queue.status()).toMatchObject([
      { returner: 'dead', waiting: 9, dropped: 11 },
      { returner: 'late', waiting: 1, dropped: 0 },
    ]);
    sinks.dead.openWith = () => undefined;
    await sinks.dead.until(() => sinks.dead.opened > 0);
    clock.advance(60_000);
    await sinks.dead.until(() => sinks.dead.stored.length === 9);
    expect(sinks.dead.stored).toEqual(expect.arrayContaining(['m12', 'm13', 'm19']));
  });
});

describe('a returner with nothing to do', () => {
  test('is closed after a while and opened again when it is needed', async () => {
    const idle = new Sink();
    const { queue, clock } = await openQueue({ sink: idle }, { retry: { idleMs: 10_000 } });
    await queue.add([sink], returnDelivery());
    await queue.drained();
    clock.advance(9999);
    expect(idle.closed).toBe(0);
    clock.advance(1);
    await idle.until(() => idle.closed === 1);
    await queue.add([sink], returnDelivery());
    await queue.drained();
    expect(idle.opened).toBe(2);
  });

  test('of one job alone is forgotten', async () => {
    const { queue, clock } = await openQueue({ sink: new Sink() });
    await queue.add([sink, { ...sink, ret_kwargs: { db: 'x' } }], returnDelivery());
    await queue.drained();
    expect(queue.status()).toHaveLength(2);
    clock.advance(600_000);
    await expect.poll(() => queue.status().map(({ returner }) => returner)).toEqual(['sink']);
  });

  test('is closed when the process stops, which waits no more than two seconds for a delivery', async () => {
    const hung = new Sink();
    hung.take = () => new Promise(() => undefined);
    const { queue, clock, folder } = await openQueue({ sink: hung });
    await queue.add([sink], returnDelivery());
    await hung.until(() => hung.opened === 1);
    const stopped = queue.stop();
    clock.advance(2000);
    await stopped;
    expect(hung.closed).toBe(1);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

test('a disk that cannot be written is told of and counted, and the job goes on', async () => {
  const { queue, folder, log } = await openQueue({ sink: new Sink() });
  await rm(folder, { recursive: true });
  await queue.add([sink], returnDelivery());
  expect(queue.status()[0]).toMatchObject({ waiting: 0, dropped: 1 });
  expect(log[0]).toContain('what a returner should store cannot be kept');
});
