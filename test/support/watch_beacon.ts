import { networkInterfaces } from 'node:os';
import { onTestFinished } from 'vitest';
import type { AnyBeacon, BeaconContext, BeaconEvent } from '../../minion/beacon.ts';
import { readBeacon } from '../../minion/lib/beacon/beacon_settings.ts';
import { runBeacon } from '../../minion/lib/beacon/run_beacon.ts';
import { Inbox } from '../integration/broker/inbox.ts';
import { type FakeClock, type FakeContext, type FakeContextOverrides, fakeClock, fakeContext } from './fake_context.ts';

export interface WatchOptions extends FakeContextOverrides {
  readonly clock?: FakeClock;
  readonly interfaces?: BeaconContext['interfaces'];
  readonly isStateRunning?: () => boolean;
}

/** A beacon that runs, as the minion runs it, on a clock that stands still. */
export interface WatchedBeacon {
  /** All that it told. */
  readonly events: Inbox<BeaconEvent>;
  readonly context: FakeContext;
  /** Moves the clock on and waits until the beacon has looked; what that look told. */
  tick(seconds?: number): Promise<readonly BeaconEvent[]>;
  /** Moves the clock on, for beacons that are told of changes and do not look. */
  advance(seconds: number): void;
  /** What is reported as its problem, and undefined after each look that went well. */
  readonly reports: Inbox<{ readonly problem: string | undefined }>;
  stop(): Promise<void>;
}

/** Starts a beacon on the items that would stand under its name, and waits for its first look when it has one. */
export async function watchBeacon(
  spec: AnyBeacon,
  items: readonly Readonly<Record<string, unknown>>[],
  {
    interfaces = networkInterfaces,
    isStateRunning = () => false,
    clock = fakeClock(),
    ...overrides
  }: WatchOptions = {},
): Promise<WatchedBeacon> {
  const abort = new AbortController();
  const context = fakeContext({ root: '/', clock, signal: abort.signal, ...overrides });
  const folder = { names: ['beacon'], load: async () => spec, rescan: () => undefined };
  const beacon = await readBeacon('beacon', items, folder, context);
  const events = new Inbox<BeaconEvent>();
  const reports = new Inbox<{ readonly problem: string | undefined }>();
  const ended = runBeacon({
    beacon,
    context: { ...context, interfaces },
    isStateRunning,
    deliver: async (event) => events.push(event),
    report: (problem) => reports.push({ problem }),
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  onTestFinished(stop);
  return {
    events,
    context,
    reports,
    async tick(seconds = 1) {
      const [told, looks] = [events.all.length, reports.all.length];
      clock.advance(seconds * 1000);
      await reports.waitForCount(looks + 1);
      return events.all.slice(told);
    },
    advance: (seconds) => clock.advance(seconds * 1000),
    stop,
  };
}

/** The same, after its first look; `first` is what that told. */
export async function watchFromFirstLook(
  ...args: Parameters<typeof watchBeacon>
): Promise<WatchedBeacon & { readonly first: readonly BeaconEvent[] }> {
  const watched = await watchBeacon(...args);
  await watched.reports.waitForCount(1);
  return { ...watched, first: [...watched.events.all] };
}
