import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectOperator, type OperatorClient } from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';
import { useProcesses } from '../support/fleet_processes.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';
import { until } from '../support/until.ts';

const EVENTS = 200;
const dir = makeTemporaryDir();
afterAll(dir.remove);
const file = join(dir.path, 'count.sls');
writeFileSync(
  file,
  `count_{{ data['data']['n'] }}:
  local.test.echo:
    - tgt: m1
    - queue_for: 3600
    - arg: [{{ data['data']['n'] }}]
`,
);

const effect = join(dir.path, 'effect');
const localFile = join(dir.path, 'local.sls');
writeFileSync(
  localFile,
  `note_it:
  caller.file.write:
    - args:
      - path: ${effect}
      - args: [{{ ['port', data['port'], salt['grains.get']('id')] | join(' ') | json }}]
`,
);

describe('reactors of a master and of its minion', () => {
  const fleet = useProcesses({
    minions: ['m1'],
    masterConfig: { reactor: [{ 'count/*': [file] }], job_queue_max_per_minion: 10_000 },
    minionConfig: { reactor: [{ 'myapp/*': [localFile] }] },
  });

  it("a minion's own renders its file in the running daemon and calls its functions", async () => {
    await fleet().cli('salt-call', ['event.fire', '{port: 8080}', 'myapp/ready']);
    await until('it has reacted', () => existsSync(effect));
    expect(readFileSync(effect, 'utf8')).toBe('port 8080 m1\n');
  });

  const open = (): Promise<OperatorClient> =>
    connectOperator({ socketPath: fleet().operatorSocket, firstAnswerMs: 8000, clock: systemClock });
  /** What a runner answers, or undefined when the master went away. */
  const call = async (client: OperatorClient, fun: string, arg: readonly unknown[] = []): Promise<unknown> => {
    try {
      for await (const step of client.request({ op: 'runner', fun, arg, kwarg: {} })) {
        if (step.t === 'value') return step.value;
      }
    } catch {
      // The master was killed: this is what the test is about.
    }
    return undefined;
  };

  it('a master that is killed goes on where it was: each event has led to its job once', async () => {
    const sender = await open();
    const accepted = new Set<number>();
    const send = async (n: number): Promise<void> => {
      if ((await call(sender, 'event.send', [`count/${n % 4}`, { n }])) === true) accepted.add(n);
    };
    const sending = Promise.all(Array.from({ length: EVENTS }, (_, n) => send(n)));
    const status = await open();
    await until('it is in the middle', async () => {
      const found = (await call(status, 'reactor.status')) as { reactions_succeeded: number } | undefined;
      return (found?.reactions_succeeded ?? 0) >= EVENTS / 8;
    });
    fleet().master().kill('SIGKILL');
    await fleet().master().ended;
    await Promise.all([sending, sender.close(), status.close()]);
    const back = fleet()
      .minion('m1')
      .nextLine(/connected to the master/);
    await fleet().startMaster();
    await back;

    const client = await open();
    await until('it has caught up', async () => {
      const found = (await call(client, 'reactor.status')) as { lag: number } | undefined;
      return found?.lag === 0;
    });
    const jobs = (await call(client, 'jobs.list_jobs')) as Record<string, { Function: string; Arguments: unknown[] }>;
    const echoed = Object.values(jobs)
      .filter(({ Function: fun }) => fun === 'test.echo')
      .map((job) => Number(job.Arguments[0]));
    expect(new Set(echoed).size, 'no event has two jobs').toBe(echoed.length);
    expect(
      [...accepted].filter((n) => !echoed.includes(n)),
      'no accepted event is without its job',
    ).toEqual([]);
    expect(await call(client, 'reactor.dead_letters')).toEqual({});
    await until(
      'all of them have run',
      async () => Object.keys((await call(client, 'jobs.active')) as object).length === 0,
    );
    await client.close();
  });
});
