import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalBus } from '../../../cli/local_bus.ts';
import { beaconAnswerTags } from '../../../minion/lib/beacon/beacon_answer.ts';
import { MANAGE_BEACONS } from '../../../minion/lib/beacon/beacon_requests.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({ minions: ['m1'] });
});
afterAll(() => fleet.stop());

const socketDir = () => join(fleet.directory, 'm1/var/run/salt/minion');

test('a call asks the running minion and gets the answer to its own question', async () => {
  const bus = createLocalBus({ sock_dir: socketDir() }, process.pid);
  const add = { func: 'add', name: 'memusage', beacon_data: [{ percent: '100%' }] };
  expect(await bus.ask(MANAGE_BEACONS, add, beaconAnswerTags.add, 20)).toMatchObject({
    complete: true,
    comment: 'Added new beacon item memusage',
  });
  expect(await bus.ask(MANAGE_BEACONS, { func: 'list' }, beaconAnswerTags.list, 20)).toMatchObject({
    beacons: { memusage: [{ percent: '100%' }] },
  });
});

test('a call that nobody answers ends after its time, and says what was not answered', async () => {
  const bus = createLocalBus({ sock_dir: socketDir() }, process.pid);
  await expect(bus.ask('nobody/listens', {}, 'nobody/answers', 0.05)).rejects.toMatchObject({
    code: 'TIMED_OUT',
    message: 'the running minion did not answer nobody/listens within 0.05 s',
  });
});

test('a question that is not understood is logged by the minion, and hurts nothing', async () => {
  const bus = createLocalBus({ sock_dir: socketDir() }, process.pid);
  await bus.fire(MANAGE_BEACONS, { func: 'explode' });
  await fleet.minionLog.waitFor((line) => line.includes('an event manage_beacons is not understood'));
});

test('without a running minion it says so', async () => {
  const bus = createLocalBus({ sock_dir: temporaryDir() }, process.pid);
  await expect(bus.fire('a/b', {})).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'the minion is not running: its event bus cannot be reached',
    hint: 'start salt-minion; one with profile: lite has no bus that others can join',
  });
});
