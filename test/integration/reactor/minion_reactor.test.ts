import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalBus, type LocalBus } from '../../../cli/local_bus.ts';
import type { Connection } from '../../../shared/client/connection.ts';
import { type BusEvent, startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { makeTemporaryDir } from '../../support/temporary_dir.ts';
import { Inbox } from '../broker/inbox.ts';

let fleet: TestFleet;
let bus: LocalBus;
let listening: Connection;
const heard = new Inbox<BusEvent>();
const dir = makeTemporaryDir();

const files: Readonly<Record<string, string>> = {
  'deploy.sls': `note:
  caller.event.fire:
    - args:
      - data: {build: {{ data['build'] }}, minion: {{ salt['config.get']('id') | json }}}
      - tag: myapp/noted
tell:
  caller.event.send:
    - args:
      - tag: myapp/told
      - data: {build: {{ data['build'] }}}
`,
  'broken.sls': 'a: {{ nope }}\n',
  'loop.sls':
    "again:\n  caller.event.fire:\n    - args:\n      - data: {n: 1}\n      - tag: loop/{{ tag.split('/')[1] }}x\n",
  'seen.sls': "seen:\n  caller.event.send: [{args: [{tag: 'seen/{{ data.fun }}'}]}]\n",
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dir.path, { recursive: true });
    writeFileSync(join(dir.path, name), text);
  }
  const rule = (tag: string, ...names: string[]) => ({ [tag]: names.map((name) => join(dir.path, name)) });
  fleet = await startFleet({
    minions: ['m1'],
    minion: {
      reactor: [
        rule('myapp/deployed', 'broken.sls', 'deploy.sls'),
        rule('loop/*', 'loop.sls'),
        rule('salt/job/*/end', 'seen.sls'),
      ],
    },
  });
  const sock_dir = join(fleet.directory, 'm1/var/run/salt/minion');
  bus = createLocalBus({ sock_dir }, process.pid);
  // Under a name of its own: a connection of the same name would take its place.
  listening = await createLocalBus({ sock_dir }, 1).listen((tag, data) => void heard.push({ tag, data }));
});
afterAll(async () => {
  await listening?.close();
  await fleet.stop();
  dir.remove();
});

test("an event of the minion's own bus runs functions of the minion, on both buses; a broken file hurts no other", async () => {
  await bus.fire('myapp/deployed', { build: 42 });
  const noted = await heard.waitFor(({ tag }) => tag === 'myapp/noted');
  expect(noted.data).toMatchObject({ build: 42, minion: 'm1', user: 'Reactor' });
  const told = await fleet.events.waitFor(({ tag }) => tag === 'myapp/told');
  expect(told.data).toMatchObject({ id: 'm1', data: { build: 42 } });
  const line = await fleet.minionLog.waitFor((text) => text.includes('a reactor file cannot be followed'));
  expect(line).toContain('broken.sls');
  expect(line).toContain("'nope' is undefined");
});

test('what a reaction fires on that bus sets off nothing, and neither does its own job', async () => {
  await bus.fire('loop/a', {});
  await heard.waitFor(({ tag }) => tag === 'loop/ax');
  await bus.fire('loop/b', {});
  await heard.waitFor(({ tag }) => tag === 'loop/bx');
  await fleet.run('m1', 'test.ping');
  await fleet.events.waitFor(({ tag }) => tag === 'seen/test.ping');
  expect(heard.all.filter(({ tag }) => tag === 'loop/axx')).toEqual([]);
  const seen = fleet.events.all.filter(({ tag }) => tag.startsWith('seen/')).map(({ tag }) => tag);
  expect(seen).toEqual(['seen/test.ping']);
});
