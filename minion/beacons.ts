import type { NetworkInterfaceInfo } from 'node:os';
import { errorLine, FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { loadFolder, type PluginFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { isDict } from '../shared/python_text.ts';
import type { AnyBeacon, BeaconContext, BeaconEvent } from './beacon.ts';
import type { BeaconRequest, Beacons, Events, Jobs, MinionContext } from './context.ts';
import type { BeaconAnswer } from './lib/beacon/beacon_answer.ts';
import { type ConfiguredBeacon, readBeacon } from './lib/beacon/beacon_settings.ts';
import { beaconTag } from './lib/beacon/beacon_tag.ts';
import { runBeacon } from './lib/beacon/run_beacon.ts';

type Dict = Readonly<Record<string, unknown>>;

/** The beacons that come with Brine. */
export function coreBeacons(): PluginFolder<AnyBeacon> {
  return loadFolder<AnyBeacon>(programFolder('minion/beacons'));
}

export interface BeaconsOptions {
  readonly id: string;
  readonly folder: PluginFolder<AnyBeacon>;
  /** `beacons` of the configuration. */
  readonly config: Dict;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly log: Logger;
  /** A context for one beacon, whose processes end when the signal fires. */
  readonly contextOf: (signal: AbortSignal, log: Logger) => MinionContext;
  readonly interfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/** The beacons of a running minion. */
export interface RunningBeacons extends Beacons {
  /** Resolves when all of them have ended. */
  stop(): Promise<void>;
}

interface Running {
  readonly config: unknown;
  readonly abort: AbortController;
  ended: Promise<void>;
}

/** Starts what is configured, each on its own: what is wrong with one is logged, listed and hurts no other. */
export function startBeacons(options: BeaconsOptions): RunningBeacons {
  const { id, folder, events, jobs } = options;
  let configured: Dict = options.config;
  const running = new Map<string, Running>();
  const problems = new Map<string, string>();
  const isStateRunning = (): boolean => jobs.running().some(({ fun }) => fun.startsWith('state.'));

  const run = async (name: string, config: unknown, signal: AbortSignal): Promise<void> => {
    const log = options.log.child({ beacon: name });
    let beacon: ConfiguredBeacon;
    const context = options.contextOf(signal, log);
    try {
      beacon = await readBeacon(name, config, folder, context);
    } catch (error) {
      problems.set(name, errorLine(error));
      return log.error('a beacon is not started', { reason: errorLine(error) });
    }
    if (!beacon.common.enabled || signal.aborted) return;
    await runBeacon({
      beacon,
      context: narrow(context, options.interfaces),
      isStateRunning,
      deliver: (event) => deliver(id, name, event, events, log),
      report: (problem) => void (problem === undefined ? problems.delete(name) : problems.set(name, problem)),
    });
    if (beacon.common.run_once && !signal.aborted) change(withEnabled(configured, name, false));
  };

  const start = (name: string, config: unknown): void => {
    const abort = new AbortController();
    const before = running.get(name)?.ended ?? Promise.resolve();
    // The one that it replaces is over first: two of them would watch the same file.
    const ended = before.then(() => run(name, config, abort.signal));
    running.set(name, { config, abort, ended });
  };

  const change = (next: Dict): void => {
    configured = next;
    for (const [name, { config, abort }] of running) {
      if (wanted(next).get(name) === config) continue;
      abort.abort();
      problems.delete(name);
    }
    for (const [name, config] of wanted(next)) if (running.get(name)?.config !== config) start(name, config);
    for (const [name, entry] of running) {
      if (!wanted(next).has(name)) void entry.ended.then(() => running.get(name) === entry && running.delete(name));
    }
  };

  change(configured);
  return {
    manage: (request) => manageBeacons(request, { ...options, configured: () => configured, change, problems }),
    async stop() {
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** What is to run: nothing when beacons are disabled as a whole. */
function wanted(configured: Dict): Map<string, unknown> {
  if (configured.enabled === false) return new Map();
  return new Map(Object.entries(configured).filter(([name]) => name !== 'enabled'));
}

function narrow(
  { id, clock, exec, root, log, signal, grains, call }: MinionContext,
  interfaces: BeaconsOptions['interfaces'],
): Omit<BeaconContext, 'ticks'> {
  return { id, clock, exec, root, log, signal, grains, call, interfaces };
}

/** On the minion's own bus and to the master, where it waits on disk while the master is away. */
async function deliver(id: string, name: string, event: BeaconEvent, events: Events, log: Logger): Promise<void> {
  const tag = beaconTag(id, name, event.tag);
  const data = { id, ...event.data };
  try {
    await events.fire(tag, data);
    await events.fireMaster(tag, data);
  } catch (error) {
    log.error('an event of a beacon is lost', { tag, reason: errorLine(error) });
  }
}

interface Managed {
  readonly folder: PluginFolder<AnyBeacon>;
  readonly contextOf: BeaconsOptions['contextOf'];
  readonly log: Logger;
  readonly configured: () => Dict;
  readonly change: (next: Dict) => void;
  readonly problems: ReadonlyMap<string, string>;
}

/** Salt's `manage_beacons` (BCN-6), in its words. */
async function manageBeacons(request: BeaconRequest, managed: Managed): Promise<BeaconAnswer> {
  const { configured, change } = managed;
  const { func, name = '', beacon_data } = request;
  const done = (comment?: string): BeaconAnswer => ({
    complete: true,
    beacons: configured(),
    ...(comment !== undefined && { comment }),
  });
  switch (func) {
    case 'list':
      return { ...done(), problems: Object.fromEntries(managed.problems) };
    case 'list_available':
      return { complete: true, available: await availableBeacons(managed) };
    case 'validate_beacon':
      return { complete: true, ...(await validate(name, beacon_data, managed)) };
    case 'add':
    case 'modify': {
      const isNew = func === 'add' && !Object.hasOwn(configured(), name);
      change({ ...configured(), [name]: beacon_data });
      return done(isNew ? `Added new beacon item ${name}` : `Updating settings for beacon item: ${name}`);
    }
    case 'delete': {
      const { [name]: deleted, ...rest } = configured();
      change(rest);
      return done(deleted === undefined ? `Beacon item ${name} not found.` : `Deleting beacon item ${name}`);
    }
    case 'enable':
    case 'disable':
      change({ ...configured(), enabled: func === 'enable' });
      return done();
    case 'enable_beacon':
    case 'disable_beacon': {
      const isEnabled = func === 'enable_beacon';
      change(withEnabled(configured(), name, isEnabled));
      return done(`${isEnabled ? 'Enabling' : 'Disabling'} beacon item ${name}`);
    }
    case 'reset':
      change({});
      return done('Beacon Reset');
  }
}

async function availableBeacons({ folder, contextOf, log }: Managed): Promise<string[]> {
  folder.rescan();
  const context = contextOf(new AbortController().signal, log);
  const names = await Promise.all(
    folder.names.map(async (name) => {
      const reason = (await folder.load(name))?.unavailable?.(context);
      return reason === undefined ? [name] : [];
    }),
  );
  return names.flat();
}

async function validate(name: string, value: unknown, { folder, contextOf, log }: Managed) {
  try {
    await readBeacon(name, value, folder, contextOf(new AbortController().signal, log));
    return { valid: true, vcomment: 'Valid beacon configuration' };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { valid: false, vcomment: errorLine(error) };
  }
}

/** Where Salt puts it: a member of a mapping, or an item of a list, which keeps its place. */
function withEnabled(configured: Dict, name: string, enabled: boolean): Dict {
  const value = configured[name];
  if (isDict(value)) return { ...configured, [name]: { ...value, enabled } };
  const items = Array.isArray(value) ? value : [];
  const index = items.findIndex((item) => isDict(item) && 'enabled' in item);
  const next = index === -1 ? [...items, { enabled }] : items.with(index, { ...items[index], enabled });
  return { ...configured, [name]: next };
}
