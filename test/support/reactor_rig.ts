import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventLog } from '../../master/events/event_log.ts';
import type { JobCause, JobRecord } from '../../master/jobs/job_store.ts';
import { createReactionStore } from '../../master/reactor/reaction_store.ts';
import { createReactor, type Reactor, type ReactorOptions } from '../../master/reactor/reactor.ts';
import type { Store } from '../../master/store/store.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { createJidSource } from '../../shared/ids.ts';
import { createLogger } from '../../shared/log.ts';
import type { CallRequest, JobRequest } from '../../shared/protocol/messages/operator.ts';
import { findLocalFiles } from '../../shared/reactor/find_local_files.ts';
import { createReactorRenderer } from '../../shared/reactor/render_reactor_file.ts';
import { createMemoryStore } from './memory_store.ts';
import { sampleJob } from './sample_job.ts';
import { temporaryDir } from './temporary_dir.ts';

/** A reactor with the real log and store, whose doors write down what goes through them. */
export interface ReactorRig {
  readonly reactor: Reactor;
  readonly memory: Store;
  readonly dir: string;
  readonly published: { readonly request: JobRequest; readonly cause: JobCause | undefined }[];
  readonly called: CallRequest[];
  readonly logged: string[];
  /** Resolves when the event is stored. */
  fire(tag: string, data?: Readonly<Record<string, unknown>>): Promise<number>;
  /** Resolves when the reactor has done with all that was fired. */
  settled(): Promise<void>;
}

export interface RigSetup extends Partial<Omit<ReactorOptions, 'store' | 'events' | 'rules'>> {
  /** Tag globs with the names of their files and a mapping of limits. */
  readonly rules?: Readonly<Record<string, readonly (string | object)[]>>;
  /** Texts of reactor files by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where they are written; another directory each time when left out. */
  readonly dir?: string;
  readonly memory?: Store;
  /** What a runner does; left out: nothing. */
  readonly runner?: (request: CallRequest) => Promise<unknown>;
  readonly records?: ReadonlyMap<string, JobRecord>;
  readonly clock?: Clock;
}

export async function startReactorRig(given: RigSetup = {}): Promise<ReactorRig> {
  const { files = {}, rules = {}, runner, records, dir = temporaryDir(), ...setup } = given;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const clock = setup.clock ?? systemClock;
  const memory = setup.memory ?? createMemoryStore();
  const logged: string[] = [];
  const log = createLogger([{ level: 'debug', format: 'text', write: (line) => logged.push(line) }], clock.nowMs);
  const events = openEventLog({ store: memory, keepMs: 0, bytesMax: 2 ** 30, clock, log });
  const published: ReactorRig['published'] = [];
  const called: CallRequest[] = [];
  const once = new Map<string, JobRecord>();
  const newJid = createJidSource(clock);
  const render = createReactorRenderer({
    functions: { find: () => undefined, names: () => [] },
    opts: {},
    readFile: () => undefined,
    nowMs: clock.nowMs,
  });
  const reactor = createReactor({
    rules: Object.entries(rules).map(([tag, items]) => ({
      [tag]: items.map((item) => (typeof item === 'string' ? join(dir, item) : item)),
    })),
    typed: [],
    store: createReactionStore(memory, 1000),
    events,
    jobs: { header: (jid) => records?.get(jid) },
    findFiles: findLocalFiles,
    renderFile: async ({ name, path }, event) => render(name, readFileSync(path, 'utf8'), event),
    callsMax: 10,
    newJid,
    async dispatchJob(request, _user, cause) {
      const known = once.get(cause.once);
      if (known !== undefined) return known;
      if (request.tgt === 'nobody') throw new FleetError('TARGET_EMPTY', 'no minions matched');
      published.push({ request, cause });
      const record = sampleJob({ jid: newJid(), cause });
      once.set(cause.once, record);
      return record;
    },
    async callRunner(_user, request) {
      called.push(request);
      const value = await runner?.(request);
      return { jid: newJid(), value, large: undefined, out: undefined, retcode: undefined, parts: [] };
    },
    onlyReads: async () => false,
    clock,
    log,
    ...setup,
  });
  await reactor.start();
  return {
    reactor,
    memory,
    dir,
    published,
    called,
    logged,
    fire: (tag, data = {}) => events.append(tag, data),
    async settled() {
      while (reactor.status().lag > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
