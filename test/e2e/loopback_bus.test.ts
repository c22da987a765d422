import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto, runMosquitto, type Subscriber, subscribe } from '../support/mosquitto.ts';

describeMosquitto("the minion's own event bus", () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const atMinion = () => ['--unix', fleet().localSocket('m1')];
  const atMaster = () => ['--unix', fleet().operatorSocket];
  const listen = (): Promise<Subscriber> => subscribe([...atMinion(), '-t', '$local/#']);

  /** What reaches the master while `fire` runs; an event that must come, fired last, proves that somebody listened. */
  async function heardAtMaster(fire: () => Promise<unknown>): Promise<readonly string[]> {
    const subscriber = await subscribe([...atMaster(), '-t', '#']);
    await fire();
    await fleet().cli('salt-call', ['event.fire_master', '{a: 1}', 'marker/here']);
    await subscriber.line(/^salt\/event\/marker\/here /);
    await subscriber.stop();
    return subscriber.messages().map(({ topic, text }) => `${topic} ${text}`);
  }

  it('carries what salt-call event.fire fires, as JSON with a time', async () => {
    const listener = await listen();
    expect(await fleet().cli('salt-call', ['event.fire', '{a: 1}', 'myapp/ready'])).toMatchObject({
      stdout: 'local:\n    True\n',
      stderr: '',
      status: 0,
    });
    const line = await listener.line(/^\$local\/myapp\/ready /);
    expect(JSON.parse(line.slice('$local/myapp/ready '.length))).toEqual({ a: 1, _stamp: expect.any(String) });
    await listener.stop();
  });

  it.each([
    [
      ['event.fire_master', '{a: 1}', 'ready'],
      'a minion may not fire events of tag ready; use a tag of your own with at least one /, such as myapp/deployed',
    ],
    [
      ['event.send', 'salt/key'],
      'a minion may not fire events of tag salt/key; use a tag of your own with at least one /, such as myapp/deployed',
    ],
    [
      ['event.fire_master', '{a: 1}', 'a/+/b'],
      '"a/+/b" cannot be the tag of an event; write levels separated by single slashes, without + and #, such as myapp/deployed',
    ],
    [
      ['event.fire', '{a: 1}', 'a#b'],
      '"a#b" cannot be the tag of an event; write levels separated by single slashes, without + and #, such as myapp/deployed',
    ],
  ])('is not said to carry what it does not: salt-call %s', async (words, reason) => {
    const { stdout, status } = await fleet().cli('salt-call', words);
    expect({ stdout: stdout.replace('ERROR: ', ''), status }).toEqual({ stdout: `local:\n    ${reason}\n`, status: 1 });
  });

  it('carries what any MQTT client of the machine publishes', async () => {
    const listener = await listen();
    await runMosquitto('mosquitto_pub', [...atMinion(), '-t', '$local/x/y', '-m', '{"a":1}']);
    expect(await listener.line(/^\$local\/x\/y /)).toBe('$local/x/y {"a":1}');
    await listener.stop();
  });

  it('hears of jobs that begin and end', async () => {
    const listener = await listen();
    await fleet().expectPing();
    await listener.line(/^\$local\/salt\/job\/\d{20}\/\w+ /);
    await listener.stop();
  });

  it('never reaches the master', async () => {
    const listener = await listen();
    const heard = await heardAtMaster(async () => {
      await fleet().cli('salt-call', ['event.fire', '{a: 1}', 'secret/plan']);
      await runMosquitto('mosquitto_pub', [...atMinion(), '-q', '1', '-t', '$local/secret/plan2', '-m', '{"a":1}']);
      await listener.line(/^\$local\/secret\/plan2 /);
    });
    await listener.stop();
    expect(heard.filter((line) => line.includes('secret/plan') || line.startsWith('$'))).toEqual([]);
  });

  it('cannot be subscribed to or published on at the master', async () => {
    const { stderr } = await runMosquitto('mosquitto_sub', [...atMaster(), '-t', '$local/#', '-W', '5']);
    expect(stderr).toBe('All subscription requests were denied.\n');
    const watcher = await subscribe([...atMaster(), '-t', 'salt/err/#']);
    await runMosquitto('mosquitto_pub', [...atMaster(), '-q', '1', '-t', '$local/x', '-m', '{}']);
    expect(await watcher.line(/"topic":"\$local\/x"/)).toContain('"reason":"acl"');
    await watcher.stop();
  });

  it('is all that a local client gets: topics of the fleet are refused', async () => {
    const listener = await listen();
    const { stderr } = await runMosquitto('mosquitto_sub', [...atMinion(), '-t', 'salt/#', '-W', '5']);
    expect(stderr).toBe('All subscription requests were denied.\n');
    const heard = await heardAtMaster(async () => {
      for (const topic of ['salt/fire/m1/forged', 'salt/ret/20260101000000000000/m1', 'salt/job/m1']) {
        await runMosquitto('mosquitto_pub', [...atMinion(), '-q', '1', '-t', topic, '-m', '{"id":"m1","forged":1}']);
      }
    });
    await listener.stop();
    expect(heard.filter((line) => line.includes('forged'))).toEqual([]);
    expect(listener.messages().filter(({ text }) => text.includes('forged'))).toEqual([]);
  });

  it('refuses what is not JSON and stays up', async () => {
    const listener = await listen();
    await runMosquitto('mosquitto_pub', [...atMinion(), '-q', '1', '-t', '$local/bad', '-m', 'not json']);
    await runMosquitto('mosquitto_pub', [...atMinion(), '-q', '1', '-t', '$local/good', '-m', '{}']);
    await listener.line(/^\$local\/good /);
    await listener.stop();
    expect(listener.messages().filter(({ topic }) => topic === '$local/bad')).toEqual([]);
  });
});
