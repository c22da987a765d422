import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { ReturnPayload } from '../protocol/messages/return.ts';
import { hidePositional } from './hide_arguments.ts';

/** What became of one job on one minion, as it is stored elsewhere: Salt's return load (JOB-5). */
export interface StoredReturn {
  readonly jid: string;
  readonly id: string;
  readonly fun: string;
  readonly fun_args: readonly unknown[];
  readonly return: unknown;
  readonly retcode: number;
  readonly success: boolean;
  /** How long it ran, milliseconds. */
  readonly ms?: number | undefined;
  readonly user?: string | undefined;
  readonly out?: string | undefined;
  /** When it was handed over for storing, UTC: see eventStamp. */
  readonly _stamp: string;
}

/** A job as it was published, with the minions it is for: what Salt's `save_load` is given. */
export interface StoredJob {
  readonly jid: string;
  readonly minions: readonly string[];
  readonly load: Readonly<Record<string, unknown>>;
}

/** An event of the master's bus: what Salt's `event_return` is given. */
export interface StoredEvent {
  readonly tag: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * A place to store in, ready to be used. What is not stored rejects and is offered again later, so that everything may
 * arrive twice. A returner that rejected is closed and opened anew: it needs no reconnecting of its own. LIMIT_EXCEEDED and
 * MESSAGE_INVALID say that this one thing will never be taken; CONFIG_INVALID, that nothing will until an operator mends it.
 */
export interface OpenReturner {
  store(result: StoredReturn): Promise<void>;
  /** Left out: jobs are not stored, only what they return. */
  storeJob?(job: StoredJob): Promise<void>;
  /** Left out: cannot be named in `event_return`. */
  storeEvents?(events: readonly StoredEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** What a returner may use. */
export interface ReturnerDeps {
  /** Of this minion or master. */
  readonly id: string;
  /** Directory that stands for `/`: it is put before every path of the settings. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export type SettingEntries = Readonly<Record<string, v.GenericSchema>>;
type SettingValues<E extends SettingEntries> = v.InferOutput<v.StrictObjectSchema<E, undefined>>;

export interface ReturnerSpec<E extends SettingEntries> {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Its settings under `returners: <name>:` in the configuration, each with a description; Salt's names. */
  readonly config: E;
  /**
   * Settings that one job may replace by `ret_kwargs`. Never a place (path, host, URL) nor a secret: who may run
   * `test.ping` must not choose which file is written as root, nor where a password is sent.
   */
  readonly perJob?: readonly (keyof E & string)[];
  /** Must not wait for longer than it has to: whoever stores waits for it. */
  open(config: SettingValues<E>, deps: ReturnerDeps): Promise<OpenReturner>;
}

/** A returner of any settings, as the loader sees it. */
export interface AnyReturner extends Omit<ReturnerSpec<SettingEntries>, 'open'> {
  open(config: Readonly<Record<string, unknown>>, deps: ReturnerDeps): Promise<OpenReturner>;
}

/** A returner: stores what jobs return outside Brine. Dropping the file into shared/returners is all that it takes. */
export function defineReturner<const E extends SettingEntries>(spec: ReturnerSpec<E>): AnyReturner {
  return spec as unknown as AnyReturner;
}

/** A setting of a returner, with what it means. */
export function setting<const S extends v.GenericSchema>(schema: S, meaning: string) {
  return v.pipe(schema, v.description(meaning));
}

/** A minion's return, made whole by the job it answers: a modest minion leaves most of it out. */
export function toStoredReturn(
  result: ReturnPayload,
  job: { readonly jid: string; readonly fun: string; readonly arg?: readonly unknown[]; readonly user?: string },
  stamp: string,
): StoredReturn {
  const { id, fun = job.fun, fun_args = job.arg ?? [], retcode, success = retcode === 0, ms, out } = result;
  return {
    jid: job.jid,
    id,
    fun,
    fun_args: hidePositional(fun, fun_args),
    return: result.return,
    retcode,
    success,
    ...(ms !== undefined && { ms }),
    ...(job.user !== undefined && { user: job.user }),
    ...(out !== undefined && { out }),
    _stamp: stamp,
  };
}
