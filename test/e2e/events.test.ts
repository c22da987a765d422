import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto, runMosquitto, subscribe } from '../support/mosquitto.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { watchTopics } from '../support/watch_topics.ts';

describeMosquitto('events', () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const owner = userInfo().username;
  const atMaster = () => ['--unix', fleet().operatorSocket];
  const atMinion = () => ['--unix', fleet().localSocket('m1')];
  const run = (...args: string[]) => fleet().cli('salt-run', args);
  const fire = (tag: string, payload: string) =>
    runMosquitto('mosquitto_pub', [...atMaster(), '-q', '1', '-t', `salt/op/${owner}/fire/${tag}`, '-m', payload]);

  it('are fired by an operator with mosquitto_pub and heard with mosquitto_sub', async () => {
    const subscriber = await subscribe([...atMaster(), '-t', 'salt/event/myapp/#']);
    expect((await fire('myapp/deployed', '{"build":42}')).status).toBe(0);
    const line = await subscriber.line(/^salt\/event\/myapp\/deployed /);
    await subscriber.stop();
    expect(JSON.parse(line.slice(line.indexOf('{')))).toMatchObject({ data: { build: 42 }, user: owner });
  });

  it('are printed by state.event as they come, until there are as many as asked for', async () => {
    const args = ['-c', fleet().configDir('master'), 'state.event', 'shown/*', 'count=2', 'from=0'];
    const listener = startProgram('salt-run', args);
    await fire('shown/1', '{"n":1}');
    await fire('other/1', '{}');
    await listener.line(/^shown\/1\t\{.*"data": \{"n": 1\}/);
    await fire('shown/2', '{"n":2}');
    const { stdout, stderr, status } = await listener.ended;
    expect([stdout.split('\n').map((line) => line.split('\t')[0]), stderr, status]).toEqual([
      ['shown/1', 'shown/2', ''],
      '',
      0,
    ]);
  });

  it('are waited for with a time limit and an exit code', async () => {
    expect(await run('event.wait', 'never/*', 'timeout=1')).toEqual({
      stdout: '',
      stderr: 'no event never/* within 1 s\n',
      status: 1,
    });
    await fire('waited/for', '{}');
    const found = await run('event.wait', 'waited/*', 'from=0');
    expect(found).toMatchObject({ stderr: '', status: 0 });
    expect(found.stdout).toMatch(/^waited\/for\t\{.*\}\n$/);
  });

  it("of the minion's own bus are printed by salt-call state.event", async () => {
    const args = ['-c', fleet().configDir('m1'), 'state.event', 'myapp/*', 'count=1'];
    const listener = startProgram('salt-call', args);
    // Nobody can tell from outside when it listens: it is told until it has heard.
    let hasEnded = false;
    const ended = listener.ended.finally(() => {
      hasEnded = true;
    });
    await until('it has heard', async () => {
      if (!hasEnded) await runMosquitto('mosquitto_pub', [...atMinion(), '-t', '$local/myapp/x', '-m', '{"a":1}']);
      return hasEnded;
    });
    expect(await ended).toEqual({ stdout: 'myapp/x\t{"a": 1}\n', stderr: '', status: 0 });
  });

  it('of minions that were acknowledged survive kill -9 of the master, and the others are sent again', async () => {
    const count = 200;
    const watcher = await subscribe([...atMaster(), '-t', 'salt/event/burst/#']);
    const local = await watchTopics(fleet().localSocket('m1'), ['$local/none']);
    const request = (n: number) => Buffer.from(JSON.stringify({ tag: `burst/${n}`, data: { n } }));
    const fired = Array.from({ length: count }, (_, n) =>
      local.connection.publish({ topic: '$local/fire_master', payload: request(n), qos: 1, retain: false }),
    );
    await watcher.line(/^salt\/event\/burst\/20 /);
    fleet().master().kill('SIGKILL');
    await Promise.all([...fired, fleet().master().ended, watcher.stop()]);
    await fleet().startMaster();
    await fire('burst/end', '{}');

    const { stdout } = await run('event.wait', 'burst/end', 'from=0');
    expect(stdout).toMatch(/^burst\/end\t/);
    const args = ['-c', fleet().configDir('master'), 'state.event', 'burst/*', 'from=0'];
    const listener = startProgram('salt-run', args);
    const told = () => new Set(listener.text().match(/^burst\/\d+(?=\t)/gm));
    await until('all have come', () => told().size === count);
    await listener.stop();
    expect([...Array(count).keys()].filter((n) => !told().has(`burst/${n}`))).toEqual([]);
    await local.connection.close();
  });
});
