import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'], master: { metrics_port: 0 } });
});
afterAll(() => fleet.stop());

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://${fleet.master().metricsAddress}${path}`, init);

/** The sample of that name and of these labels. */
async function sample(name: string): Promise<number> {
  const text = await (await get('/metrics')).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no sample ${name} in\n${text}`);
  return Number(line.slice(name.length + 1));
}

test('says who is there', async () => {
  expect(await sample('brine_minions_accepted')).toBe(2);
  expect(await sample('brine_minions_online')).toBe(2);
  expect(await sample('brine_connections')).toBeGreaterThanOrEqual(2);
});

test('counts and times the jobs that ended', async () => {
  const before = await sample('brine_job_parts_total{state="succeeded"}').catch(() => 0);
  await fleet.run('*', 'test.ping');
  await fleet.run('m1', 'test.exception');
  expect(await sample('brine_job_parts_total{state="succeeded"}')).toBe(before + 2);
  expect(await sample('brine_job_parts_total{state="failed"}')).toBe(1);
  expect(await sample('brine_job_end_seconds_count')).toBe(before + 3);
  expect(await sample('brine_job_start_seconds_count')).toBe(before + 3);
  expect(await sample('brine_job_end_seconds_bucket{le="86400"}')).toBe(before + 3);
  expect(await sample('brine_store_commit_seconds_count')).toBeGreaterThanOrEqual(6);
  expect(await sample('brine_job_parts_open{state="queued"}')).toBe(0);
});

test('says what waits, and how long', async () => {
  await fleet.stopMinion('m2');
  await fleet.run('m2', 'test.ping', [], {}, { queue_for: 600, async: true });
  expect(await sample('brine_job_parts_open{state="queued"}')).toBe(1);
  expect(await sample('brine_job_queue_oldest_seconds')).toBeGreaterThanOrEqual(0);
  await fleet.startMinion('m2');
  await fleet.events.waitFor(({ tag }) => /^salt\/job\/\d{20}\/ret\/m2$/.test(tag));
});

test('shows the broker, the event log, its readers and the event loop', async () => {
  expect(await sample('brine_broker_total{what="connections_accepted"}')).toBeGreaterThan(0);
  expect(await sample('brine_event_log_cursor')).toBeGreaterThan(0);
  expect(await sample('brine_events_lost')).toBe(0);
  expect(await sample('brine_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  expect(await sample('brine_reactor{what="events_read"}')).toBeGreaterThanOrEqual(0);
});

test('of the process itself, counts open files and nothing that takes a look at each connection', async () => {
  expect(await sample('brine_process_open_fds')).toBeGreaterThan(10);
  const text = await (await get('/metrics')).text();
  expect(text).toContain('brine_nodejs_heap_size_used_bytes');
  expect(text).not.toMatch(/_active_(handles|requests|resources)/);
});

test('tells how late the event loop is, without the time between two looks at it', async () => {
  await until('the median is less than the time between two looks', async () => {
    const text = await (await get('/metrics')).text();
    const [median, longest] = ['0.5', '1'].map((quantile) =>
      Number(new RegExp(`^brine_event_loop_delay_seconds\\{quantile="${quantile}"\\} (.+)$`, 'm').exec(text)?.[1]),
    ) as [number, number];
    return longest > 0 && median < 0.01;
  });
});

test.runIf(process.platform === 'linux')('tells how long it waited for a processor', async () => {
  expect(await sample('brine_processor_wait_seconds_total')).toBeGreaterThanOrEqual(0);
  expect(await sample('brine_event_loop_delay_wait_seconds')).toBeGreaterThanOrEqual(0);
});

test('is healthy, and says since when', async () => {
  const response = await get('/healthz');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ok',
    problems: [],
    version: expect.any(String),
    up_seconds: expect.any(Number),
  });
});

test('knows two paths and one method', async () => {
  expect((await get('/')).status).toBe(404);
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
});
