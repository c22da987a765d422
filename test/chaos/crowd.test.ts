import { afterEach, expect, test } from 'vitest';
import { openEventLog } from '../../master/events/event_log.ts';
import { createJobStore } from '../../master/jobs/job_store.ts';
import { openStore } from '../../master/store/open_store.ts';
import type { EmulatedFleet } from '../../minion/emulator/emulated_fleet.ts';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import {
  connectOperator,
  type OperatorClient,
  type OperatorRequestBody,
  type OperatorStep,
} from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { emulateFleet } from '../support/emulate_fleet.ts';
import { type FleetProcesses, startProcesses } from '../support/fleet_processes.ts';
import { createGate } from '../support/gate_module.ts';

const COUNT = 1000;
/** Alone on two cores it takes a minute. */
const PATIENCE_MS = 420_000;
const ANSWER_MS = 60_000;

let fleet: FleetProcesses;
let crowd: EmulatedFleet;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') fleet.keepLogs();
  await Promise.all([crowd.stop(), fleet.stop()]);
}, PATIENCE_MS);

test(
  'of a thousand minions that return at once while the master is killed, each return is stored and told once',
  async () => {
    fleet = await startProcesses();
    const gate = createGate();
    const operator = await connectOperator(operatorOptions());
    crowd = await emulateFleet({
      count: COUNT,
      directory: fleet.file('crowd'),
      master: `127.0.0.1:${fleet.ports.tls}`,
      modules: { gate: gate.module },
      durable: true,
      tokenFor: (id) => makeToken(operator, id),
    });
    await crowd.enrol();
    await operator.close();
    const master = fleet.master();
    // However fast the master is, half of the returns come when it is gone.
    const listener = await listenForReturns(() => {
      master.kill('SIGKILL');
      gate.open('one');
    });
    const job = { op: 'job', tgt: '*', fun: 'gate.wait', arg: ['one'], kwarg: {}, async: true, queue_for: 3600 };
    const jid = String((await ask(job))[0]?.jid);
    await crowd.connect();
    await gate.entered.waitForCount(COUNT);
    gate.open('one', crowd.ids.slice(0, COUNT / 2));
    await Promise.all([master.ended, listener.closed]);
    const before = await kept(jid);
    expect(before.returns.size).toBeGreaterThan(0);
    expect(before.returns.size).toBeLessThan(COUNT);

    await fleet.startMaster();
    // A process of its own: this one is busy being a thousand minions. The master may be, too, and is asked again.
    let watched = await fleet.cli('salt-run', ['jobs.watch', jid]);
    while (watched.status !== 0) watched = await fleet.cli('salt-run', ['jobs.watch', jid]);
    await fleet.master().stop();
    const after = await kept(jid);
    expect([...after.returns.values()].filter((value) => value !== 'through one')).toEqual([]);
    expect([...after.returns.keys()].sort()).toEqual([...crowd.ids].sort());
    expect([...after.told].sort()).toEqual(crowd.ids.map((id) => `salt/job/${jid}/ret/${id}`).sort());
    expect(gate.entered.all).toHaveLength(COUNT);
  },
  PATIENCE_MS,
);

async function listenForReturns(heard: () => void): Promise<Connection> {
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: fleet.operatorSocket },
    clientId: 'listener',
    keepaliveSeconds: 300,
    connectTimeoutMs: ANSWER_MS,
    received: heard,
  });
  await connection.subscribe(['salt/event/salt/job/+/ret/+']);
  return connection;
}

function operatorOptions() {
  return { socketPath: fleet.operatorSocket, firstAnswerMs: ANSWER_MS, clock: systemClock };
}

async function makeToken(operator: OperatorClient, id: string): Promise<string> {
  const request = { op: 'wheel', fun: 'key.gen_token', arg: [], kwarg: { id } };
  for await (const step of operator.request(request)) if (step.t === 'value') return String(step.value);
  throw new Error(`no token for ${id}`);
}

async function ask(request: OperatorRequestBody): Promise<readonly OperatorStep[]> {
  const client = await connectOperator(operatorOptions());
  const steps: OperatorStep[] = [];
  for await (const step of client.request(request)) steps.push(step);
  await client.close();
  return steps;
}

/** What stands on the disk of a master that does not run: returns by minion, and the tags of the events of returns. */
async function kept(jid: string) {
  const store = await openStore(fleet.file('master', 'cache', 'store'), { clock: systemClock, log: silentLogger });
  const returns = new Map(
    [...(await createJobStore(store).returns(jid))].map(([id, { return: value }]) => [id, value]),
  );
  const events = openEventLog({ store, keepMs: 0, bytesMax: 2 ** 30, clock: systemClock, log: silentLogger });
  const told = events
    .read(0, Number.MAX_SAFE_INTEGER)
    .map(({ tag }) => tag)
    .filter((tag) => tag.includes('/ret/'));
  await store.close();
  return { returns, told };
}
