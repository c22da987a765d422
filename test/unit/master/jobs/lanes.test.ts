import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLanes, type Lanes } from '../../../../master/jobs/lanes.ts';

/** What lanes are: two sets for each minion, the one that waits always taken from its smallest jid. */
interface Model {
  readonly waiting: Map<string, Set<string>>;
  readonly inflight: Map<string, Set<string>>;
  next: number;
}

const IDS = ['m1', 'm2'];
const jids = (model: Model, id: string, kind: 'waiting' | 'inflight'): string[] =>
  [...(model[kind].get(id) ?? [])].sort();
const move = (model: Model, id: string, jid: string, to: 'waiting' | 'inflight' | undefined): void => {
  for (const kind of ['waiting', 'inflight'] as const) model[kind].get(id)?.delete(jid);
  if (to !== undefined) model[to].set(id, (model[to].get(id) ?? new Set()).add(jid));
};
const id = fc.constantFrom(...IDS);
const pick = fc.nat(30);
const known = (model: Model, minion: string, index: number): string => {
  const all = [...jids(model, minion, 'waiting'), ...jids(model, minion, 'inflight')];
  return all[index % Math.max(1, all.length)] ?? 'unknown';
};

type Step = fc.Command<Model, Lanes>;
const step = (name: string, run: (model: Model, lanes: Lanes) => void): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const steps = [
  id.map((minion) =>
    step(`enqueue ${minion}`, (model, lanes) => {
      // Jids are times: a job that is new is newer than all others.
      const jid = String(model.next++).padStart(4, '0');
      lanes.enqueue(minion, jid);
      move(model, minion, jid, 'waiting');
    }),
  ),
  fc.tuple(id, fc.integer({ min: 1, max: 4 })).map(([minion, window]) =>
    step(`take ${minion} ${window}`, (model, lanes) => {
      const room = Math.max(0, window - jids(model, minion, 'inflight').length);
      const oldest = jids(model, minion, 'waiting').slice(0, room);
      expect(lanes.take(minion, window)).toEqual(oldest);
      for (const jid of oldest) move(model, minion, jid, 'inflight');
    }),
  ),
  fc.tuple(id, pick).map(([minion, index]) =>
    step(`settle ${minion} ${index}`, (model, lanes) => {
      const jid = known(model, minion, index);
      expect(lanes.settle(minion, jid)).toBe(model.inflight.get(minion)?.has(jid) ?? false);
      move(model, minion, jid, undefined);
    }),
  ),
  fc.tuple(id, pick).map(([minion, index]) =>
    step(`putBack ${minion} ${index}`, (model, lanes) => {
      const jid = known(model, minion, index);
      if (jid === 'unknown') return;
      lanes.putBack(minion, jid);
      move(model, minion, jid, 'waiting');
    }),
  ),
  id.map((minion) =>
    step(`requeue ${minion}`, (model, lanes) => {
      const flying = jids(model, minion, 'inflight');
      expect(lanes.requeue(minion)).toEqual(flying);
      for (const jid of flying) move(model, minion, jid, 'waiting');
    }),
  ),
];

test('lanes do what two sets for each minion do: oldest first, never more in flight than the window', () => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 40 }), (commands) => {
      const model: Model = { waiting: new Map(), inflight: new Map(), next: 0 };
      const lanes = createLanes();
      fc.modelRun(() => ({ model, real: lanes }), commands);
      for (const minion of IDS) expect(lanes.waitingCount(minion)).toBe(jids(model, minion, 'waiting').length);
    }),
    { numRuns: 300 },
  );
});

test('a minion without jobs has none', () => {
  const lanes = createLanes();
  expect([lanes.take('m1', 4), lanes.requeue('m1'), lanes.waitingCount('m1'), lanes.settle('m1', '1')]).toEqual([
    [],
    [],
    0,
    false,
  ]);
});

test('a job that took longer to be made than a newer one is taken before it, as long as that waits', () => {
  const lanes = createLanes();
  for (const jid of ['2', '4', '1', '3']) lanes.enqueue('m1', jid);
  expect(lanes.take('m1', 2)).toEqual(['1', '2']);
  lanes.enqueue('m1', '0');
  expect(lanes.take('m1', 5)).toEqual(['0', '3', '4']);
});
