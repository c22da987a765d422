import { afterEach, expect, test } from 'vitest';
import { createJobStore } from '../../master/jobs/job_store.ts';
import { openLmdbStore } from '../../master/store/lmdb_store.ts';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import { connectOperator, type OperatorRequestBody, type OperatorStep } from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';
import { Inbox } from '../integration/broker/inbox.ts';
import { type FleetProcesses, startProcesses } from '../support/fleet_processes.ts';
import { createGate } from '../support/gate_module.ts';
import { createMinionCrowd, type MinionCrowd } from '../support/minion_crowd.ts';

const COUNT = 1000;
/** The master is killed when so many returns were told: by then it has stored some more, and not all. */
const TOLD_BEFORE_KILL = 50;
/** Alone on two cores it takes a minute. */
const PATIENCE_MS = 420_000;
const ANSWER_MS = 60_000;
const RETURNS = 'salt/event/salt/job/+/ret/+';

let fleet: FleetProcesses;
let crowd: MinionCrowd;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') fleet.keepLogs();
  await Promise.all([crowd.stop(), fleet.stop()]);
}, PATIENCE_MS);

test(
  'of a thousand minions that return at once while the master is killed, each return is stored and told once',
  async () => {
    fleet = await startProcesses();
    await fleet.master().stop();
    const gate = createGate();
    crowd = createMinionCrowd({
      count: COUNT,
      directory: fleet.dir,
      masterPkiDir: fleet.file('master', 'pki'),
      master: `127.0.0.1:${fleet.ports.tls}`,
      modules: { gate: gate.module },
    });
    await crowd.seed();
    const master = await fleet.startMaster();
    const told: string[] = [];
    const online = new Inbox<string>();
    const before = await listen(['salt/presence/+', RETURNS], (topic, text) => {
      if (topic.startsWith('salt/presence/')) text.includes('"online":true') && online.push(topic);
      else if (told.push(topic) === TOLD_BEFORE_KILL) master.kill('SIGKILL');
    });
    await crowd.start();
    await online.waitForCount(COUNT);

    const job = { op: 'job', tgt: '*', fun: 'gate.wait', arg: ['one'], kwarg: {}, async: true, timeout: 300 };
    const jid = String((await ask(job))[0]?.jid);
    await gate.entered.waitForCount(COUNT);
    gate.open('one');
    await master.ended;
    const storedBefore = await storedCount(jid);
    expect(storedBefore).toBeGreaterThanOrEqual(TOLD_BEFORE_KILL);
    expect(storedBefore).toBeLessThan(COUNT);

    await fleet.startMaster();
    const after = await listen([RETURNS], (topic) => told.push(topic));
    const returned = (await ask({ op: 'watch', jid })).filter(({ t }) => t === 'ret');
    await Promise.all([before.close(), after.close()]);
    await fleet.master().stop();
    expect(returned.map(({ id, return: value }) => `${id} ${value}`).sort()).toEqual(
      crowd.ids.map((id) => `${id} through one`).sort(),
    );
    expect(await storedCount(jid)).toBe(COUNT);
    expect(gate.entered.all).toHaveLength(COUNT);
    expect(told.filter((topic, index) => told.indexOf(topic) !== index)).toEqual([]);
  },
  PATIENCE_MS,
);

function listen(filters: readonly string[], heard: (topic: string, text: string) => void): Promise<Connection> {
  const opened = openConnection({
    endpoint: { kind: 'unix', path: fleet.operatorSocket },
    clientId: 'listener',
    keepaliveSeconds: 300,
    connectTimeoutMs: ANSWER_MS,
    received: (topic, payload) => heard(topic, Buffer.from(payload).toString()),
  });
  return opened.then(async (connection) => {
    await connection.subscribe(filters);
    return connection;
  });
}

async function ask(request: OperatorRequestBody): Promise<readonly OperatorStep[]> {
  const options = { socketPath: fleet.operatorSocket, firstAnswerMs: ANSWER_MS, clock: systemClock };
  const client = await connectOperator(options);
  const steps: OperatorStep[] = [];
  for await (const step of client.request(request)) steps.push(step);
  await client.close();
  return steps;
}

/** How many returns stand on the disk of a master that does not run. */
async function storedCount(jid: string): Promise<number> {
  const store = openLmdbStore(fleet.file('master', 'cache', 'store'));
  const count = createJobStore(store).returns(jid).size;
  await store.close();
  return count;
}
