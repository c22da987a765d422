import type { Backoff } from '../client/backoff.ts';
import { type Clock, sleep, type Timer } from '../clock.ts';
import { errorLine, FleetError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Destination, ReturnerOpener } from './open_returner.ts';
import type { OpenReturner } from './returner.ts';
import type { Delivery, Spool, SpoolEntry } from './returner_spool.ts';

/** What an operator is shown of one returner. */
export interface ReturnerStatus {
  /** `postgres`, or `alternative.postgres` with a `ret_config`; the settings of one job stand behind it in parentheses. */
  readonly returner: string;
  /** `blocked`: its name or its settings are wrong, and it is not tried again before the process is started anew. */
  readonly state: 'ok' | 'retrying' | 'blocked';
  readonly waiting: number;
  readonly waiting_bytes: number;
  /** Since the process started, as is the next. */
  readonly delivered: number;
  /** Too old, too many, refused for good, or not to be written to the disk. */
  readonly dropped: number;
  readonly error?: string;
  /** Since when nothing is taken, seconds UTC. */
  readonly since?: number;
}

export interface ReturnerLaneOptions {
  readonly destination: Destination;
  readonly open: ReturnerOpener;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly log: Logger;
  readonly attemptMs: number;
  readonly idleMs: number;
  readonly ageMaxMs: number;
  /** It began to fail, or to be blocked, or works again. */
  readonly told: (status: ReturnerStatus) => void;
  /** The lane came to rest: nothing waits, or what waits waits for longer. */
  readonly onChange: () => void;
}

interface Trouble {
  readonly state: 'retrying' | 'blocked';
  readonly error: string;
  readonly sinceMs: number;
}

/** How long a stop waits for a delivery that is under way, and for a returner to close. */
const STOP_MS = 2000;
const TOO_OLD = 'a returner did not take this for too long: it is dropped';

/** All that goes to one returner with one set of settings, one thing at a time. */
export class ReturnerLane {
  readonly label: string;
  readonly #options: ReturnerLaneOptions;
  /** Not tried yet. They go first: one thing that is never taken does not hold up the others. */
  readonly #fresh = new Set<SpoolEntry>();
  readonly #failed = new Set<SpoolEntry>();
  #bytes = 0;
  #delivered = 0;
  #dropped = 0;
  #returner: Promise<OpenReturner> | undefined;
  #current: SpoolEntry | undefined;
  #work: Promise<void> | undefined;
  #retryTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #trouble: Trouble | undefined;
  #isStopped = false;

  constructor(options: ReturnerLaneOptions) {
    this.#options = options;
    this.label = labelOf(options.destination);
  }

  /** On disk, with what is being stored. */
  get bytes(): number {
    return this.#bytes;
  }

  isEmpty(): boolean {
    return this.#fresh.size + this.#failed.size === 0;
  }

  isBlocked(): boolean {
    return this.#trouble?.state === 'blocked';
  }

  /** Nothing is being stored, and nothing will be before something is added or mended. */
  isAtRest(): boolean {
    return this.#work === undefined && (this.isEmpty() || this.isBlocked());
  }

  isOfOneJob(): boolean {
    return this.#options.destination.ret_kwargs !== undefined;
  }

  status(): ReturnerStatus {
    const trouble = this.#trouble;
    return {
      returner: this.label,
      state: trouble?.state ?? 'ok',
      waiting: this.#fresh.size + this.#failed.size,
      waiting_bytes: this.#bytes,
      delivered: this.#delivered,
      dropped: this.#dropped,
      ...(trouble !== undefined && { error: trouble.error, since: Math.floor(trouble.sinceMs / 1000) }),
    };
  }

  add(entry: SpoolEntry): void {
    this.#fresh.add(entry);
    this.#bytes += entry.bytes;
    this.#pump();
  }

  countDropped(): void {
    this.#dropped++;
  }

  /** Makes room; false when there is nothing but what is being stored. What was tried in vain goes first. */
  async dropFirst(): Promise<boolean> {
    for (const entry of this.#waiting()) {
      await this.#drop(entry, 'too much waits for a returner: the oldest is dropped');
      return true;
    }
    return false;
  }

  async dropOld(): Promise<void> {
    for (const entry of [...this.#waiting()].filter((waiting) => this.#isOld(waiting))) {
      // It may have been taken up while others were dropped.
      if (entry !== this.#current) await this.#drop(entry, TOO_OLD);
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#isStopped = true;
    this.#retryTimer?.stop();
    await Promise.race([this.#work, sleep(clock, STOP_MS)]);
    await Promise.race([this.#close(), sleep(clock, STOP_MS)]);
  }

  *#waiting(): Iterable<SpoolEntry> {
    for (const entries of [this.#failed, this.#fresh]) {
      for (const entry of entries) if (entry !== this.#current) yield entry;
    }
  }

  #next(): SpoolEntry | undefined {
    return firstOf(this.#fresh) ?? firstOf(this.#failed);
  }

  #pump(): void {
    if (this.#isStopped || this.#work !== undefined || this.#retryTimer !== undefined || this.isBlocked()) return;
    if (this.isEmpty()) return;
    this.#idleTimer?.stop();
    this.#work = this.#run().finally(() => {
      this.#work = undefined;
      // Something may have come while the last of it ended.
      this.#pump();
      if (this.#work !== undefined) return;
      this.#idleTimer = this.#options.clock.after(this.#options.idleMs, () => void this.#close());
      this.#options.onChange();
    });
  }

  async #run(): Promise<void> {
    for (let entry = this.#next(); entry !== undefined && !this.#isStopped; entry = this.#next()) {
      this.#current = entry;
      const goesOn = this.#isOld(entry) ? await this.#drop(entry, TOO_OLD) : await this.#deliver(entry);
      this.#current = undefined;
      if (!goesOn) return;
    }
  }

  /** False when there is no point in going on with the next. */
  async #deliver(entry: SpoolEntry): Promise<boolean> {
    try {
      await this.#attempt(entry);
    } catch (error) {
      if (isRefusal(error)) {
        return this.#drop(entry, 'a returner will never take this: it is dropped', errorLine(error));
      }
      this.#postpone(entry, error);
      return false;
    }
    this.#delivered++;
    this.#recover();
    await this.#forget(entry);
    return true;
  }

  async #attempt(entry: SpoolEntry): Promise<void> {
    const { clock, spool, open, destination, attemptMs } = this.#options;
    const delivery = await spool.read(entry);
    this.#returner ??= open(destination);
    const stored = this.#returner.then((returner) => storeIn(returner, delivery, this.label));
    await withinMs(clock, attemptMs, stored);
  }

  #postpone(entry: SpoolEntry, error: unknown): void {
    const { clock, backoff, log } = this.#options;
    this.#fresh.delete(entry);
    this.#failed.delete(entry);
    this.#failed.add(entry);
    void this.#close();
    const text = errorLine(error);
    const isBlocked = error instanceof FleetError && error.code === 'CONFIG_INVALID';
    const fields = { returner: this.label, error: text };
    if (isBlocked) log.error('a returner cannot be used; what it should store waits until that is mended', fields);
    else if (this.#trouble === undefined) log.warning('a returner fails and will be tried again', fields);
    else log.debug('a returner still fails', fields);
    const state = isBlocked ? 'blocked' : 'retrying';
    const before = this.#trouble;
    this.#trouble = { state, error: text, sinceMs: before?.sinceMs ?? clock.nowMs() };
    if (before?.state !== state) this.#options.told(this.status());
    if (isBlocked) return;
    this.#retryTimer = clock.after(backoff.next(), () => {
      this.#retryTimer = undefined;
      this.#pump();
    });
  }

  #recover(): void {
    this.#options.backoff.reset();
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.log.info('a returner works again', { returner: this.label });
    this.#options.told(this.status());
  }

  #isOld(entry: SpoolEntry): boolean {
    return entry.addedMs < this.#options.clock.nowMs() - this.#options.ageMaxMs;
  }

  /** Always true: the next may do better. */
  async #drop(entry: SpoolEntry, why: string, error?: string): Promise<true> {
    if (!(await this.#forget(entry))) return true;
    this.#dropped++;
    const { name, kind } = entry;
    this.#options.log.error(why, { returner: this.label, entry: name, kind, ...(error !== undefined && { error }) });
    return true;
  }

  /** Takes it out at once, and then from the disk; false when it was out already. */
  async #forget(entry: SpoolEntry): Promise<boolean> {
    const { spool, log } = this.#options;
    if (!this.#fresh.delete(entry) && !this.#failed.delete(entry)) return false;
    this.#bytes -= entry.bytes;
    try {
      await spool.remove(entry);
    } catch (error) {
      log.error('an entry of the returner queue cannot be removed and will be stored again', {
        entry: entry.name,
        error: errorLine(error),
      });
    }
    return true;
  }

  /** Never rejects: what is closed is not needed any more. */
  async #close(): Promise<void> {
    const returner = this.#returner;
    this.#returner = undefined;
    this.#idleTimer?.stop();
    // That it did not open was told already.
    const open = await returner?.catch(() => undefined);
    try {
      await open?.close();
    } catch (error) {
      this.#options.log.debug('a returner did not close well', { returner: this.label, error: errorLine(error) });
    }
  }
}

async function storeIn(returner: OpenReturner, { kind, value }: Delivery, label: string): Promise<void> {
  if (kind === 'return') return returner.store(value);
  if (kind === 'job') return returner.storeJob?.(value);
  if (returner.storeEvents !== undefined) return returner.storeEvents(value);
  throw new FleetError('CONFIG_INVALID', `the returner '${label}' does not store events`, {
    hint: 'name another in event_return',
  });
}

function isRefusal(error: unknown): boolean {
  return error instanceof FleetError && (error.code === 'LIMIT_EXCEEDED' || error.code === 'MESSAGE_INVALID');
}

function withinMs<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () =>
      reject(new FleetError('TIMED_OUT', `the returner did not answer within ${limitMs / 1000} s`)),
    );
    work.then(resolve, reject).finally(() => timer.stop());
  });
}

function labelOf({ returner, ret_config, ret_kwargs }: Destination): string {
  const name = ret_config === undefined ? returner : `${ret_config}.${returner}`;
  return ret_kwargs === undefined ? name : `${name} (${Object.keys(ret_kwargs).join(', ')})`;
}

function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
