import { expect, test } from 'vitest';
import { createGrainTeller, toldGrains } from '../../../minion/tell_grains.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Inbox } from '../../integration/broker/inbox.ts';
import { fakeContext } from '../../support/fake_context.ts';

type Asked = { readonly hash: string; readonly grains?: Readonly<Record<string, unknown>> };

function setUp(first: Readonly<Record<string, unknown>>) {
  let grains = first;
  let known = '';
  let isThere = true;
  const asked = new Inbox<Asked>();
  const teller = createGrainTeller({
    grains: { all: () => grains },
    master: {
      async ask(_verb, payload) {
        const question = payload as unknown as Asked;
        asked.push(question);
        if (!isThere) throw new FleetError('MASTER_UNREACHABLE', 'not connected to the master');
        if (question.grains !== undefined) known = question.hash;
        return { wanted: known !== question.hash };
      },
    },
    log: fakeContext().log,
  });
  return {
    teller,
    asked,
    set: (next: Readonly<Record<string, unknown>>) => {
      grains = next;
    },
    goAway: (isAway: boolean) => {
      isThere = !isAway;
    },
  };
}

test('the hash goes first, and the grains when the master has others', async () => {
  const { teller, asked } = setUp({ os: 'Debian' });
  teller.tell();
  const [hash, all] = await asked.waitForCount(2);
  expect(hash).toEqual({ hash: expect.stringMatching(/^.{43}=$/) });
  expect(all).toEqual({ ...hash, grains: { os: 'Debian' } });
  teller.tell();
  await asked.waitForCount(3);
  expect(asked.all[2]).toEqual(hash);
});

test('grains that changed are told again', async () => {
  const { teller, asked, set } = setUp({ role: 'web' });
  teller.tell();
  await asked.waitForCount(2);
  set({ role: 'db' });
  teller.tell();
  expect((await asked.waitForCount(4))[3]?.grains).toEqual({ role: 'db' });
});

test('what could not be told is told at the next connection', async () => {
  const { teller, asked, goAway } = setUp({ role: 'web' });
  goAway(true);
  teller.tell();
  await asked.waitForCount(1);
  goAway(false);
  teller.tell();
  expect((await asked.waitForCount(3))[2]?.grains).toEqual({ role: 'web' });
});

test('whatever may change the grains says so', async () => {
  let told = 0;
  const grains = toldGrains(fakeContext({ grains: { os: 'Debian' } }).grains, () => {
    told++;
  });
  await grains.refresh();
  await grains.updateCustom((custom) => ({ ...custom, role: 'web' }));
  expect([told, grains.all().os]).toEqual([2, 'Debian']);
});
