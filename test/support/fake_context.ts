import type { Events, Jobs, MinionContext, RunningJob, Schedules } from '../../minion/context.ts';
import type { Exec, ExecOptions, ExecResult } from '../../minion/lib/exec.ts';
import { createJobEnvironment } from '../../minion/lib/job_environment.ts';
import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { LogFields, Logger, LogLevel } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { coreReturners } from '../../shared/plugin/open_returners.ts';
import { fakeGrains } from './fake_grains.ts';
import { runFunction } from './run_function.ts';

/**
 * What a test wants to differ. Members of MinionContext are taken as they are, but for `grains`, which is plain data.
 */
export interface FakeContextOverrides extends Partial<Omit<MinionContext, 'grains'>> {
  readonly grains?: Readonly<Record<string, unknown>>;
  /** What the static grains file holds at first. */
  readonly customGrains?: Readonly<Record<string, unknown>>;
  /** Modules that `call()` and `catalogue` find. */
  readonly modules?: Readonly<Record<string, ModuleSpec<MinionContext>>>;
  /** Single functions that `call()` finds before it looks at `modules`: `{ 'cmd.run': () => 'x' }`. */
  readonly functions?: Readonly<Record<string, FakeFunction>>;
  /** What `jobs.running()` answers. */
  readonly runningJobs?: readonly RunningJob[];
}

export type FakeFunction = (args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) => unknown;

export interface FiredEvent {
  readonly tag: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A MinionContext that touches nothing and writes down what was asked of it. */
export interface FakeContext extends MinionContext {
  /** Fired on the minion's own bus. */
  readonly fired: FiredEvent[];
  /** Fired on the master's bus. */
  readonly firedMaster: FiredEvent[];
  /** Each `call()`, in order. */
  readonly calls: { fun: string; args: readonly unknown[]; kwargs: Readonly<Record<string, unknown>> }[];
  readonly retcodes: number[];
  /** Each `progress()`: stream and text. */
  readonly progressed: [string, string][];
  readonly outputters: string[];
  readonly logged: { level: LogLevel; message: string; fields: LogFields }[];
  readonly signalled: { jid: string; signal: number }[];
}

/** Every member works; `exec` throws until a test gives one, and `root` is a directory that does not exist. */
export function fakeContext(overrides: FakeContextOverrides = {}): FakeContext {
  const { grains, customGrains, modules = {}, functions = {}, runningJobs = [], ...members } = overrides;
  const records = {
    fired: [] as FiredEvent[],
    firedMaster: [] as FiredEvent[],
    calls: [] as FakeContext['calls'],
    retcodes: [] as number[],
    outputters: [] as string[],
    logged: [] as FakeContext['logged'],
    progressed: [] as FakeContext['progressed'],
    signalled: [] as FakeContext['signalled'],
  };
  const context: FakeContext = {
    id: 'minion1',
    version: '0.1.0',
    grains: fakeGrains(grains ?? {}, customGrains ?? {}),
    pillar: {},
    config: {},
    jid: '20260101000000000000',
    signal: new AbortController().signal,
    clock: fakeClock(),
    log: fakeLogger(records.logged),
    root: '/no-such-root',
    exec: fakeExec({}),
    environment: createJobEnvironment({}),
    events: fakeEvents(records.fired, records.firedMaster),
    jobs: fakeJobs(runningJobs, records.signalled),
    beacons: {
      async manage() {
        throw new FleetError('COMMAND_FAILED', 'no minion runs in this test');
      },
    },
    schedules: fakeSchedules(),
    master: {
      async ask() {
        throw new FleetError('MASTER_UNREACHABLE', 'there is no master in this test');
      },
    },
    catalogue: {
      moduleNames: Object.keys(modules).sort(),
      refresh: () => [],
      find: async (name) => modules[name],
    },
    returners: coreReturners(),
    async call(fun, args = [], kwargs = {}) {
      records.calls.push({ fun, args, kwargs });
      const direct = functions[fun];
      if (direct !== undefined) return direct(args, kwargs);
      const module = modules[fun.slice(0, fun.indexOf('.'))];
      if (module === undefined) throw new FleetError('FUNCTION_UNKNOWN', `'${fun}' is not available`);
      return runFunction(context, module, fun, args, kwargs);
    },
    progress: (stream, text) => void records.progressed.push([stream, text]),
    setRetcode: (retcode) => void records.retcodes.push(retcode),
    setOut: (outputter) => void records.outputters.push(outputter),
    ...records,
    ...members,
  };
  return context;
}

export type FakeCommand =
  | string
  | Partial<ExecResult>
  | ((argv: readonly string[], options: ExecOptions) => string | Partial<ExecResult>);

/**
 * An Exec that knows command lines (argv joined by single blanks) and throws on any other. A string is standard output
 * of a successful run.
 */
export function fakeExec(commands: Readonly<Record<string, FakeCommand>>): Exec {
  return async (argv, options = {}) => {
    const line = argv.join(' ');
    const command = commands[line];
    if (command === undefined) throw new FleetError('COMMAND_FAILED', `unexpected command in a test: ${line}`);
    const answer = typeof command === 'function' ? command(argv, options) : command;
    const result = typeof answer === 'string' ? { stdout: answer } : answer;
    return { pid: 4321, retcode: 0, stdout: '', stderr: '', timedOut: false, ...result };
  };
}

export interface FakeClock extends Clock {
  /** Moves time on and runs what became due, in order. */
  advance(ms: number): void;
}

/** Time stands still until `advance`. Starts at 2026-01-01T00:00:00Z unless told. */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ dueMs: number; periodMs: number | undefined; run: () => void }>();
  const add = (delayMs: number, periodMs: number | undefined, run: () => void) => {
    const timer = { dueMs: nowMs + delayMs, periodMs, run };
    timers.add(timer);
    return { stop: () => void timers.delete(timer) };
  };
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    after: (delayMs, run) => add(delayMs, undefined, run),
    every: (periodMs, run) => add(periodMs, periodMs, run),
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        nowMs = next.dueMs;
        if (next.periodMs === undefined) timers.delete(next);
        else next.dueMs += next.periodMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}

function fakeEvents(fired: FiredEvent[], firedMaster: FiredEvent[]): Events {
  return {
    fire: async (tag, data) => void fired.push({ tag, data }),
    fireMaster: async (tag, data) => void firedMaster.push({ tag, data }),
  };
}

/** Nothing is scheduled; a test of schedules brings its own. */
function fakeSchedules(): Schedules {
  return {
    all: () => ({}),
    written: async () => ({}),
    change: async () => undefined,
    reload: async () => false,
    check: () => {
      throw new Error('the test brings no schedules');
    },
    plan: () => undefined,
    problem: () => undefined,
    state: () => undefined,
    run: () => false,
  };
}

function fakeJobs(running: readonly RunningJob[], signalled: FakeContext['signalled']): Jobs {
  return {
    running: () => running,
    signal(jid, signal) {
      signalled.push({ jid, signal });
      return running.some((job) => job.jid === jid);
    },
  };
}

function fakeLogger(logged: FakeContext['logged'], bound: LogFields = {}): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      void logged.push({ level, message, fields: { ...bound, ...fields } });
  return {
    writes: () => true,
    debug: write('debug'),
    info: write('info'),
    warning: write('warning'),
    error: write('error'),
    child: (fields) => fakeLogger(logged, { ...bound, ...fields }),
  };
}
