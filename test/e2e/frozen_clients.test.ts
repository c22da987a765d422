import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectOperator, type OperatorClient, type OperatorStep } from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto, subscribe } from '../support/mosquitto.ts';
import { until } from '../support/until.ts';

const BACKLOG_MAX = 256 * 1024;
const TEXT_BYTES = 50_000;
const WINDOW = 4;
const QUEUE_MAX = 6;

describeMosquitto('beside a client that is stopped', () => {
  const fleet = useProcesses({
    minions: ['m1', 'm2'],
    masterConfig: { max_backlog_bytes: BACKLOG_MAX, max_inflight: WINDOW, job_queue_max_per_minion: QUEUE_MAX },
  });
  let client: OperatorClient;
  beforeAll(async () => {
    client = await connectOperator({ socketPath: fleet().operatorSocket, firstAnswerMs: 30_000, clock: systemClock });
  });
  afterAll(() => client.close());

  async function ask(request: Readonly<Record<string, unknown>> & { readonly op: string }) {
    const steps: OperatorStep[] = [];
    for await (const step of client.request(request)) steps.push(step);
    return steps;
  }
  const run = (tgt: string, fun: string, arg: readonly unknown[], options: object = {}) =>
    ask({ op: 'job', tgt, tgt_type: 'glob', fun, arg, kwarg: {}, timeout: 30, ...options });
  const call = async (fun: string): Promise<unknown> =>
    (await ask({ op: 'runner', fun })).find(({ t }) => t === 'value')?.value;
  const readersTooSlow = async () => ((await call('broker.counters')) as { readers_too_slow: number }).readers_too_slow;

  it('an observer costs the master no more than max_backlog_bytes, then its connection, and nobody else anything', async () => {
    const observer = await subscribe(['--unix', fleet().operatorSocket, '-t', 'salt/event/#']);
    observer.kill('SIGSTOP');
    const text = 'x'.repeat(TEXT_BYTES);
    await until('the observer is cut off', async () => {
      const returned = (await run('m1', 'test.echo', [text])).filter(({ t }) => t === 'ret');
      expect(returned.map((step) => step.return === text)).toEqual([true]);
      return (await readersTooSlow()) === 1;
    });
    const line = await fleet()
      .master()
      .line(/it does not read what it subscribed to/);
    const backlogBytes = Number(/backlog_bytes=(\d+)/.exec(line)?.[1]);
    expect(backlogBytes).toBeGreaterThan(BACKLOG_MAX);
    // What one job makes more than the limit: an event when it begins and one when it returns.
    expect(backlogBytes).toBeLessThan(BACKLOG_MAX + 4 * TEXT_BYTES);
    observer.kill('SIGKILL');
    await observer.ended;
  });

  it('a minion is sent its window and no more, has a queue that ends, and later runs each of its jobs once', async () => {
    const frozen = fleet().minion('m2');
    frozen.kill('SIGSTOP');
    const accepted: string[] = [];
    for (let job = 0; job < WINDOW + QUEUE_MAX; job++) {
      const [step] = await run('m2', 'test.ping', [], { queue_for: 3600, async: true });
      accepted.push(String(step?.jid));
      expect(await run('m1', 'test.ping', [])).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
    }
    const { m2 } = (await call('jobs.queue')) as { m2: Readonly<Record<string, string>> };
    const states = Object.values(m2).map((text) => text.replace('test.ping, ', ''));
    expect(states.filter((state) => state.startsWith('sent for '))).toHaveLength(WINDOW);
    expect(states.filter((state) => state.startsWith('queued for '))).toHaveLength(QUEUE_MAX);
    await expect(run('m2', 'test.ping', [], { queue_for: 3600, async: true })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: `${QUEUE_MAX} jobs wait for minion m2 already`,
      hint: expect.stringContaining('job_queue_max_per_minion'),
    });
    frozen.kill('SIGCONT');
    for (const jid of accepted) {
      const returned = (await ask({ op: 'watch', jid })).filter(({ t }) => t === 'ret');
      expect(returned).toMatchObject([{ id: 'm2', return: true }]);
    }
  });
});
