import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CALLS_MAX, createMinionReactor, WAITING_MAX } from '../../../../minion/reactor/reactor.ts';
import { createLogger } from '../../../../shared/log.ts';
import type { ReturnPayload } from '../../../../shared/protocol/messages/return.ts';
import type { RenderFile } from '../../../../shared/reactor/plan_reactions.ts';
import type { FunctionCall } from '../../../../shared/reactor/reaction.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const success: ReturnPayload = { id: 'm1', return: true, retcode: 0, success: true };

interface Rig {
  /** What each file is rendered to, by its name. */
  readonly files: Readonly<Record<string, unknown>>;
  /** The setting, from the path of a file to the rules. */
  readonly rules: (path: (name: string) => string) => readonly unknown[];
  readonly call?: (request: FunctionCall) => Promise<ReturnPayload | undefined>;
  readonly renderFile?: RenderFile;
}

function rig({ files, rules, call = async () => success, renderFile }: Rig) {
  const dir = temporaryDir();
  const path = (name: string): string => join(dir, name);
  for (const name of Object.keys(files)) writeFileSync(path(name), '');
  const calls = new Inbox<FunctionCall>();
  const log = new Inbox<string>();
  const clock = fakeClock();
  const reactor = createMinionReactor({
    rules: rules(path),
    renderFile: renderFile ?? (async ({ path: file }) => files[file.slice(dir.length + 1)]),
    call(request) {
      calls.push(request);
      return call(request);
    },
    clock,
    log: createLogger([{ level: 'warning', format: 'text', write: (line) => log.push(line) }], () => 0),
  });
  return { reactor, calls, log, clock, path };
}

const ping = { p: { 'caller.test.ping': [] } };
const echo = (text: string) => ({ e: { 'caller.test.echo': [{ args: [{ text }] }] } });

test('an event of a rule calls the functions of its files, in their order', async () => {
  const { reactor, calls } = rig({
    files: { 'a.sls': { later: { 'caller.test.echo': [{ order: 2 }, { args: [{ text: 'hi' }] }] }, ...ping } },
    rules: (path) => [{ 'myapp/*': [path('a.sls')] }],
  });
  reactor.heard('other/x', {});
  reactor.heard('myapp/x', { n: 1 });
  expect(await calls.waitForCount(2)).toEqual([
    { fun: 'test.echo', arg: [], kwarg: { text: 'hi' } },
    { fun: 'test.ping', arg: [], kwarg: {} },
  ]);
});

test('what the reactor itself caused is not reacted to', async () => {
  const { reactor, calls } = rig({ files: { 'a.sls': ping }, rules: (path) => [{ '*': [path('a.sls')] }] });
  reactor.heard('a/b', { user: 'Reactor' });
  reactor.heard('a/b', { user: 'somebody' });
  await calls.waitForCount(1);
  await reactor.stop();
  expect(calls.all).toHaveLength(1);
});

test('a file that is missing or wrong, and a reaction that is not for here, are told and hurt no other', async () => {
  const { reactor, calls, log, path } = rig({
    files: {
      'bad.sls': ['no mapping'],
      'good.sls': {
        here: { 'caller.test.ping': [] },
        job: { 'local.test.ping': [{ tgt: 'm1' }] },
        nothing: { 'caller.': [] },
        run: { 'runner.jobs.active': [] },
        wheel: { 'wheel.key.list_all': [] },
      },
    },
    rules: (path) => [{ 'a/b': [path('bad.sls'), path('missing.sls'), path('good.sls')] }],
  });
  reactor.heard('a/b', {});
  await log.waitForCount(6);
  await calls.waitForCount(1);
  const text = log.all.join('\n');
  expect(text).toContain(`file=${path('bad.sls')} reason=a reactor file must be a mapping of ids to reactions`);
  expect(text).toContain(`there is no reactor file ${path('missing.sls')}`);
  expect(text).toContain('id=nothing');
  for (const call of ['local.test.ping', 'runner.jobs.active', 'wheel.key.list_all']) {
    expect(text).toContain(`call=${call} reason=a minion's reactor only calls functions of the minion`);
  }
});

test('a function that fails, or cannot be begun, is told in the log', async () => {
  const { reactor, log } = rig({
    files: { 'a.sls': ping, 'b.sls': echo('x') },
    rules: (path) => [{ a: [path('a.sls'), path('b.sls')] }],
    async call({ fun }) {
      if (fun === 'test.echo') throw new Error('the disk is full');
      return { id: 'm1', jid: '20260101000000000001', return: 'no', retcode: 3, success: false };
    },
  });
  reactor.heard('a', {});
  await log.waitForCount(2);
  expect(log.all.join('\n')).toMatch(/call=caller.test.ping.*jid=20260101000000000001.*return code 3/);
  expect(log.all.join('\n')).toMatch(/call=caller.test.echo.*the disk is full/);
});

test('a rate limit leaves events out and says so; a debounce waits for the last one', async () => {
  const { reactor, calls, log, clock } = rig({
    files: { 'a.sls': ping, 'b.sls': echo('quiet') },
    rules: (path) => [
      { 'limited/*': [path('a.sls'), { rate_limit: '2/1m' }] },
      { 'often/*': [path('b.sls'), { debounce: '5s' }] },
    ],
  });
  for (let n = 0; n < 5; n++) reactor.heard('limited/x', { n });
  await calls.waitForCount(2);
  expect(log.all).toHaveLength(1);
  expect(log.all[0]).toContain('over its rate limit');
  for (let n = 0; n < 3; n++) {
    reactor.heard('often/x', { n });
    clock.advance(4000);
  }
  expect(calls.all).toHaveLength(2);
  clock.advance(1000);
  await calls.waitForCount(3);
  await reactor.stop();
  expect(calls.all).toHaveLength(3);
});

test('functions run so many at a time; the next begins when one has ended', async () => {
  const ends: (() => void)[] = [];
  const { reactor, calls } = rig({
    files: { 'a.sls': ping },
    rules: (path) => [{ a: [path('a.sls')] }],
    call: () => new Promise((resolve) => ends.push(() => resolve(success))),
  });
  for (let n = 0; n < CALLS_MAX + 1; n++) reactor.heard('a', { n });
  await calls.waitForCount(CALLS_MAX);
  ends[0]?.();
  await calls.waitForCount(CALLS_MAX + 1);
  await reactor.stop();
});

test('events beyond what may wait are not reacted to, and that is told once', async () => {
  let release: (value: unknown) => void = () => undefined;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  const { reactor, calls, log } = rig({
    files: { 'a.sls': ping },
    rules: (path) => [{ a: [path('a.sls')] }],
    renderFile: () => held,
  });
  for (let n = 0; n < WAITING_MAX + 5; n++) reactor.heard('a', { n });
  expect(log.all).toHaveLength(1);
  expect(log.all[0]).toContain('events come faster than the reactor can follow');
  release(ping);
  await calls.waitForCount(WAITING_MAX);
  await reactor.stop();
  expect(calls.all).toHaveLength(WAITING_MAX);
});

test('nothing is begun after it was stopped', async () => {
  const { reactor, calls } = rig({ files: { 'a.sls': ping }, rules: (path) => [{ a: [path('a.sls')] }] });
  reactor.heard('a', {});
  await reactor.stop();
  reactor.heard('a', {});
  expect(calls.all).toEqual([]);
});
