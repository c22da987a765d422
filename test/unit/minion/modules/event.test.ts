import { describe, expect, test } from 'vitest';
import event from '../../../../minion/modules/event.ts';
import { type FakeContextOverrides, fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

test("fire goes to the minion's own bus alone", async () => {
  const context = fakeContext();
  expect(await runFunction(context, event, 'event.fire', [{ port: 1 }, 'app/ready'])).toBe(true);
  expect(context.fired).toEqual([{ tag: 'app/ready', data: { port: 1 } }]);
  expect(context.firedMaster).toEqual([]);
});

test("fire_master goes to the master's bus, and preload does not hide data", async () => {
  const context = fakeContext();
  const args = [{ build: 42 }, 'app/deployed', { build: 1, more: 2 }];
  expect(await runFunction(context, event, 'event.fire_master', args)).toBe(true);
  expect(context.firedMaster).toEqual([{ tag: 'app/deployed', data: { build: 42, more: 2 } }]);
});

test('data must be a mapping', async () => {
  await expect(runFunction(fakeContext(), event, 'event.fire', ['text', 'a/b'])).rejects.toThrow('data:');
});

describe('send', () => {
  async function sent(kwargs: Record<string, unknown>, overrides: FakeContextOverrides = {}) {
    const context = fakeContext(overrides);
    expect(await runFunction(context, event, 'event.send', ['my/tag'], kwargs)).toBe(true);
    expect(context.firedMaster).toHaveLength(1);
    return context.firedMaster[0]!.data;
  }

  test('data wins over keyword arguments', async () => {
    expect(await sent({ foo: 1, bar: 2, data: { foo: 3 } })).toEqual({ foo: 3, bar: 2 });
  });

  test('data that is no mapping is sent under its name', async () => {
    expect(await sent({ data: 'text' })).toEqual({ data: 'text' });
  });

  test('with_grains and with_pillar add all, or what is named', async () => {
    const overrides = { grains: { os: 'Debian', id: 'm1' }, pillar: { a: 1 } };
    expect(await sent({ with_grains: true, with_pillar: true }, overrides)).toEqual({
      grains: { os: 'Debian', id: 'm1' },
      pillar: { a: 1 },
    });
    expect(await sent({ with_grains: ['os', 'nope'] }, overrides)).toEqual({ grains: { os: 'Debian', nope: null } });
    expect(await sent({ with_grains: 'os,id' }, overrides)).toEqual({ grains: { os: 'Debian', id: 'm1' } });
  });

  test('with_env adds the environment that the minion was started with', async () => {
    const root = await fixtureRoot({ 'proc/self/environ': 'HOME=/root\0A=b=c\0' });
    expect(await sent({ with_env: true }, { root })).toEqual({ environ: { HOME: '/root', A: 'b=c' } });
    expect(await sent({ with_env: ['A'] }, { root })).toEqual({ environ: { A: 'b=c' } });
  });

  test('with_env_opts adds the environments of the configuration', async () => {
    expect(await sent({ with_env_opts: true }, { config: { saltenv: 'dev' } })).toEqual({
      saltenv: 'dev',
      pillarenv: null,
    });
  });
});
