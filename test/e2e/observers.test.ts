import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto, type Printed, runMosquitto, subscribe } from '../support/mosquitto.ts';

describeMosquitto('a mosquitto client at the master', () => {
  const fleet = useProcesses({ minions: ['m1', 'm2'] });
  const owner = userInfo().username;
  const overUnix = () => ['--unix', fleet().operatorSocket];
  const overTcp = (...login: string[]) => ['-h', '127.0.0.1', '-p', String(fleet().ports.tcp), ...login];
  const addOperator = async (name: string): Promise<string> =>
    (await fleet().cli('salt-run', ['operators.add', name])).stdout.trim();

  /** What a subscriber prints while a job with a secret runs on both minions. */
  async function watchJob(
    args: readonly string[],
  ): Promise<{ readonly jid: string; readonly seen: readonly Printed[] }> {
    const subscriber = await subscribe([...args, '-t', 'salt/#']);
    const { stdout } = await fleet().cli('salt', ['*', 'cmd.run', 'sleep 0.1', 'env={DB_PASSWORD: hunter2}', '-v']);
    const jid = /jid (\d{20})/.exec(stdout)?.[1] ?? '';
    for (const id of ['m1', 'm2']) await subscriber.line(new RegExp(`^salt/ret/${jid}/${id} `));
    await subscriber.stop();
    return { jid, seen: subscriber.messages() };
  }

  function expectWholeJob({ jid, seen }: Awaited<ReturnType<typeof watchJob>>): void {
    expect(seen.map(({ topic }) => topic)).toEqual(
      expect.arrayContaining([
        'salt/master',
        ...['m1', 'm2'].flatMap((id) => [
          `salt/presence/${id}`,
          `salt/info/${id}`,
          `salt/job/${id}`,
          `salt/ack/${jid}/${id}`,
          `salt/ret/${jid}/${id}`,
          `salt/event/salt/job/${jid}/ret/${id}`,
        ]),
        `salt/event/salt/job/${jid}/new`,
      ]),
    );
    for (const { text } of seen) expect(JSON.parse(text), text).toBeTypeOf('object');
  }

  it('sees jobs, acknowledgements, returns, presence and events over the unix socket, each as one line of JSON', async () => {
    expectWholeJob(await watchJob(overUnix()));
  });

  it('sees the same over TCP with a name and a password', async () => {
    const password = await addOperator('alice');
    expectWholeJob(await watchJob(overTcp('-u', 'alice', '-P', password)));
  });

  it('sees jobs without their signatures and with secrets hidden', async () => {
    const { seen } = await watchJob(overUnix());
    const job = seen.find(({ topic }) => topic === 'salt/job/m1');
    expect(JSON.parse(job?.text ?? '')).toMatchObject({
      fun: 'cmd.run',
      arg: ['sleep 0.1'],
      kwarg: { env: { DB_PASSWORD: '**********' } },
      tgt: '*',
      user: owner,
    });
    expect(job?.text).not.toContain('\t');
    expect(seen.filter(({ text }) => text.includes('hunter2'))).toEqual([]);
  });

  it('is refused over TCP without a name, with an unknown name and with a wrong password', async () => {
    await addOperator('bob');
    for (const login of [[], ['-u', 'nobody', '-P', 'x'], ['-u', 'bob', '-P', 'wrong'], ['-u', 'bob']]) {
      const { stdout, stderr, status } = await runMosquitto('mosquitto_sub', [...overTcp(...login), '-t', 'salt/#']);
      expect(status, login.join(' ')).not.toBe(0);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^Connection error: Connection Refused: (not authorised|bad user name or password)\.\n/);
    }
  });

  it('publishes a job as an operator and reads the answer step by step', async () => {
    const subscriber = await subscribe([...overUnix(), '-t', `salt/op/${owner}/rsp/c1`]);
    const request = { op: 'job', tgt: '*', fun: 'test.echo', arg: ['hi'] };
    await runMosquitto('mosquitto_pub', [
      ...overUnix(),
      ...['-q', '1', '-t', `salt/op/${owner}/req/c1`, '-m', JSON.stringify(request)],
    ]);
    await subscriber.line(/"t":"end"/);
    await subscriber.stop();
    const steps = subscriber.messages().map(({ text }) => JSON.parse(text));
    expect(steps[0]).toMatchObject({ t: 'job', minions: ['m1', 'm2'] });
    const returns = steps.filter(({ t }) => t === 'ret');
    expect(returns.map(({ id }) => id).sort()).toEqual(['m1', 'm2']);
    for (const step of returns) expect(step).toMatchObject({ return: 'hi', retcode: 0, success: true });
    expect(steps.at(-1)).toEqual({ t: 'end' });
  });

  it('asks and hears the first answer with mosquitto_rr', async () => {
    const { stdout, status } = await runMosquitto('mosquitto_rr', [
      ...['-V', '311', ...overUnix(), '-t', `salt/op/${owner}/req/c2`, '-e', `salt/op/${owner}/rsp/c2`],
      ...['-m', '{"op":"runner","fun":"manage.up"}'],
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ t: 'value', value: ['m1', 'm2'] });
  });

  it('asks and hears the whole answer as one message when it wants to', async () => {
    const { stdout, status } = await runMosquitto('mosquitto_rr', [
      ...['-V', '311', ...overUnix(), '-t', `salt/op/${owner}/req/c4`, '-e', `salt/op/${owner}/rsp/c4`],
      ...['-m', '{"op":"job","tgt":"*","fun":"test.ping","gather":true}'],
    ]);
    expect(status).toBe(0);
    const { t, steps } = JSON.parse(stdout);
    expect([
      t,
      steps[0].t,
      steps
        .slice(1)
        .map((step: { id: string }) => step.id)
        .sort(),
    ]).toEqual(['all', 'job', ['m1', 'm2']]);
  });

  it('is told what is wrong with a request that is not what the protocol says', async () => {
    const subscriber = await subscribe([...overUnix(), '-t', 'salt/err/#', '-t', `salt/op/${owner}/rsp/c3`]);
    const publish = (message: string) =>
      runMosquitto('mosquitto_pub', [
        ...[...overUnix(), '-i', 'careless', '-q', '1'],
        ...['-t', `salt/op/${owner}/req/c3`, '-m', message],
      ]);
    await publish('{"op":"job","tgt":"*"}');
    expect(await subscriber.line(/^salt\/err\//)).toMatch(/"reason":"schema"/);
    await publish('not json');
    expect(await subscriber.line(/not json|JSON/)).toMatch(/"reason":"schema"/);
    await subscriber.stop();
    await fleet().expectPing();
  });

  it('cannot speak for another operator, a minion or the master', async () => {
    const subscriber = await subscribe([...overUnix(), '-t', 'salt/#']);
    for (const topic of [
      'salt/op/mallory/req/c4',
      'salt/ret/20260101000000000000/m1',
      'salt/job/m1',
      'salt/presence/m1',
    ]) {
      await runMosquitto('mosquitto_pub', [...overUnix(), '-q', '1', '-t', topic, '-m', '{"id":"m1","online":false}']);
      expect(await subscriber.line(new RegExp(`^salt/err/.*"topic":"${topic}"`))).toContain('"reason":"acl"');
    }
    await subscriber.stop();
    const forged = subscriber
      .messages()
      .filter(({ topic, text }) => !topic.startsWith('salt/err/') && text.includes('"online":false'));
    expect(forged).toEqual([]);
  });
});
