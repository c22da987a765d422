import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import { type AnyFunction, createFn, type ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import type { AnyReturner } from '../shared/plugin/returner.ts';
import type { RequestVerb } from '../shared/protocol/messages/job.ts';
import type { ItemState } from '../shared/schedule/decide.ts';
import type { PlannedItem } from '../shared/schedule/read_schedule.ts';
import type { BeaconAnswer, BeaconFunction } from './lib/beacon/beacon_answer.ts';
import type { Exec } from './lib/exec.ts';
import type { JobEnvironment } from './lib/job_environment.ts';
import type { ScheduleChange, ScheduleData } from './schedule/schedule_book.ts';

/** The grains of this minion, and the file in which an operator's own are kept. */
export interface Grains {
  /** All of them, merged by GRN-1's precedence. Never change the object. */
  all(): Readonly<Record<string, unknown>>;
  /** Asks for those that are asked once and take long; resolves when they are there, too. */
  complete(): Promise<void>;
  /** What `grains.setval` and its kin wrote: the static grains file. */
  readCustom(): Promise<Readonly<Record<string, unknown>>>;
  /** Changes the static grains file and refreshes; one change after another, so that none is lost. */
  updateCustom(change: (grains: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): Promise<void>;
  /** Collects all grains anew. The names of custom files that came, went or are others now. */
  refresh(): Promise<readonly string[]>;
  /** Custom files that cannot be used, each with the reason. */
  broken(): Readonly<Record<string, string>>;
}

/** A job that runs now, as `saltutil.running` shows it. */
export interface RunningJob {
  readonly jid: string;
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly tgt: unknown;
  readonly tgt_type: string;
  readonly user: string;
  /** Of the minion, or of the child process that the job started last. */
  readonly pid: number;
}

export interface Jobs {
  running(): readonly RunningJob[];
  /** Sends a signal to a running job's processes and aborts it; false when no such job runs. */
  signal(jid: string, signal: number): boolean;
}

/** The minion's two ways out. Data is one mapping; tags are Salt's, separated by `/`. */
export interface Events {
  /** On the minion's own bus. */
  fire(tag: string, data: Readonly<Record<string, unknown>>): Promise<void>;
  /** On the master's bus. */
  fireMaster(tag: string, data: Readonly<Record<string, unknown>>): Promise<void>;
}

/** What is asked of the running minion about its beacons: the event `manage_beacons` of Salt's minion bus. */
export interface BeaconRequest {
  readonly func: BeaconFunction;
  readonly name?: string;
  readonly beacon_data?: unknown;
}

/** The beacons of the running minion; under `salt-call` they are another process's. */
export interface Beacons {
  /** Throws COMMAND_FAILED when no minion runs, TIMED_OUT when it does not answer within the seconds. */
  manage(request: BeaconRequest, timeoutSeconds?: number): Promise<BeaconAnswer>;
}

/** This minion's schedule (SCH-1): as it is written, and how far it came. */
export interface Schedules {
  /** In Salt's format: items by name, with the settings that stand beside them. */
  all(): ScheduleData;
  /** What stands in minion.d/_schedule.conf. */
  written(): Promise<ScheduleData>;
  /**
   * Resolves when the change is in force. `persist` writes the whole schedule to minion.d/_schedule.conf; `offline`
   * changes that file alone.
   */
  change(change: ScheduleChange, how: { readonly persist: boolean; readonly offline: boolean }): Promise<void>;
  /** Takes over what stands in minion.d/_schedule.conf; false when nothing stands there. */
  reload(): Promise<boolean>;
  /** Reads an item that is to be added. Throws ARGS_INVALID. */
  check(name: string, item: unknown): PlannedItem;
  /** An item as it is in force; undefined when there is none, or when it cannot be used. */
  plan(name: string): PlannedItem | undefined;
  /** Why an item cannot be used. */
  problem(name: string): string | undefined;
  /** What was done about an item, and what is planned; undefined when nothing is known. */
  state(name: string): ItemState | undefined;
  /** Runs an item at once; false when it cannot be used. */
  run(name: string): boolean;
}

/** Questions to the master: of the running minion itself, or through it under `salt-call`. */
export interface MasterRequests {
  /**
   * Resolves to what the master answers and rejects with its error, with MASTER_UNREACHABLE when there is no
   * connection, with TIMED_OUT when there is no answer within the seconds (60 unless said).
   */
  ask(verb: RequestVerb, payload: Readonly<Record<string, unknown>>, timeoutSeconds?: number): Promise<unknown>;
}

/** A module, or the reason why it cannot be used here, or undefined when there is none of that name. */
export type FoundModule = ModuleSpec<MinionContext> | { readonly unavailable: string } | undefined;

/** What is known of the other functions of this minion. */
export interface Catalogue {
  readonly moduleNames: readonly string[];
  /** At once when it was looked for before. */
  find(module: string): FoundModule | Promise<FoundModule>;
  /**
   * Looks for modules that came and went, and asks each again whether it can work here. The names of custom modules
   * that came, went or changed.
   */
  refresh(): readonly string[];
}

/** All that a function may touch. There are no globals: what is not here, a module cannot reach. */
export interface MinionContext {
  readonly id: string;
  readonly version: string;
  readonly grains: Grains;
  /** Empty until pillar is served. */
  readonly pillar: Readonly<Record<string, unknown>>;
  /** The minion's configuration, by Salt's key names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The job that this call belongs to; undefined under `salt-call`. */
  readonly jid: string | undefined;
  /** Fires when the job is cancelled, killed or out of time. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Directory that stands for `/`: only tests change it. Every path a module makes itself starts here. */
  readonly root: string;
  /** Starts a process: the only way to. */
  readonly exec: Exec;
  /** The variables that processes start with. */
  readonly environment: JobEnvironment;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly beacons: Beacons;
  readonly schedules: Schedules;
  readonly master: MasterRequests;
  readonly catalogue: Catalogue;
  /** Where jobs can be stored besides the master. */
  readonly returners: PluginFolder<AnyReturner>;
  /** Calls another execution function, such as `cmd.run`, within this job. */
  call(fun: string, args?: readonly unknown[], kwargs?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Shows partial output to whoever watches the job; the return must have it all again. */
  progress(stream: string, text: string): void;
  /** The return code of the job: Salt's `__context__['retcode']` (JOB-6). */
  setRetcode(retcode: number): void;
  /** The outputter that suits what is returned (OUT-1). */
  setOut(outputter: string): void;
}

/** An execution module's function; see FunctionSpec. */
export const fn = createFn<MinionContext>();

/** An execution module: runs on a minion. Dropping the file into minion/modules is all that it takes. */
export function defineModule(spec: ModuleSpec<MinionContext>): ModuleSpec<MinionContext> {
  return spec;
}

export type MinionFunction = AnyFunction<MinionContext>;
