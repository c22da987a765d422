import { createSeededRandom, type SeededRandom } from './seeded_random.ts';

/** What is done to a process or to its connection, and undone after a while. */
export const faultKinds = ['kill', 'freeze', 'cut', 'stall', 'delay', 'full_disk', 'restart_all'] as const;
export type FaultKind = (typeof faultKinds)[number];

export const MASTER = 'master';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** The master, a minion, or all. */
  readonly target: string;
  /** Since the start, milliseconds. */
  readonly atMs: number;
  readonly forMs: number;
}

/** A job whose side effect can be counted: a line with its token. */
export interface PlannedJob {
  readonly token: string;
  readonly atMs: number;
  /** Minion ids. */
  readonly targets: readonly string[];
  /** How long the command goes on after its side effect. */
  readonly runSeconds: number;
  /** How much it prints. */
  readonly outputBytes: number;
  /** Within which it must have started. */
  readonly timeoutSeconds: number;
  /** How long it is kept for who is offline; undefined: not at all. */
  readonly queueForSeconds: number | undefined;
  readonly isBatch: boolean;
  /** When it is cancelled, after it was accepted; undefined: never. */
  readonly cancelAfterMs: number | undefined;
}

export interface ChaosPlan {
  readonly faults: readonly PlannedFault[];
  readonly jobs: readonly PlannedJob[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly minions: readonly string[];
  readonly durationMs: number;
  /** Who has a small disk of its own that can be filled. */
  readonly smallDisks: readonly string[];
}

/** How often each fault is drawn, and how long it lasts at most, milliseconds. */
const FAULTS: Readonly<Record<FaultKind, { readonly weight: number; readonly forMs: number }>> = {
  kill: { weight: 8, forMs: 3000 },
  freeze: { weight: 5, forMs: 9000 },
  cut: { weight: 5, forMs: 3000 },
  stall: { weight: 2, forMs: 9000 },
  delay: { weight: 3, forMs: 5000 },
  full_disk: { weight: 3, forMs: 4000 },
  restart_all: { weight: 1, forMs: 0 },
};
const FAULT_PAUSE_MS = 900;
const JOB_PAUSE_MS = 500;

/** All that a run will do and when: the same for the same seed. Pure. */
export function planChaos(options: PlanOptions): ChaosPlan {
  return { faults: planFaults(options), jobs: planJobs(options) };
}

/** At most one fault at a time hits the same target; different targets suffer together. */
function planFaults({ seed, minions, durationMs, smallDisks }: PlanOptions): PlannedFault[] {
  const random = createSeededRandom(seed);
  const draws = faultKinds.flatMap((kind) => Array.from({ length: FAULTS[kind].weight }, () => kind));
  const busyUntilMs = new Map<string, number>();
  const faults: PlannedFault[] = [];
  for (let atMs = 1000; atMs < durationMs; atMs += random.integer(FAULT_PAUSE_MS / 2, FAULT_PAUSE_MS * 2)) {
    const kind = random.pick(draws);
    const forMs = random.integer(0, FAULTS[kind].forMs);
    const target = targetOf(kind, random, minions, smallDisks);
    const victims = kind === 'restart_all' ? [MASTER, ...minions] : [target];
    if (target === undefined || victims.some((victim) => (busyUntilMs.get(victim as string) ?? 0) > atMs)) continue;
    for (const victim of victims) busyUntilMs.set(victim as string, atMs + forMs);
    faults.push({ kind, target, atMs, forMs });
  }
  return faults;
}

function targetOf(
  kind: FaultKind,
  random: SeededRandom,
  minions: readonly string[],
  smallDisks: readonly string[],
): string | undefined {
  if (kind === 'restart_all') return 'all';
  if (kind === 'full_disk') return smallDisks.length === 0 ? undefined : random.pick(smallDisks);
  const isProcessFault = kind === 'kill' || kind === 'freeze';
  // Connections are cut at the minions: all of them lead to the master.
  return isProcessFault && random.isTrue(0.3) ? MASTER : random.pick(minions);
}

function planJobs({ seed, minions, durationMs }: PlanOptions): PlannedJob[] {
  const random = createSeededRandom(seed + 1);
  const jobs: PlannedJob[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += random.integer(JOB_PAUSE_MS / 4, JOB_PAUSE_MS * 2)) {
    const isQueued = random.isTrue(0.5);
    jobs.push({
      token: `${seed}-${jobs.length + 1}`,
      atMs,
      targets: random.isTrue(0.6) ? minions : [random.pick(minions)],
      runSeconds: random.pick([0, 0, 0, 0.3, 1, 2.5]),
      outputBytes: random.pick([0, 0, 0, 0, 100, 60_000]),
      timeoutSeconds: random.pick([1, 1, 2, 5]),
      queueForSeconds: isQueued ? random.pick([2, 5, 15, 3600]) : undefined,
      isBatch: random.isTrue(0.06),
      cancelAfterMs: random.isTrue(0.05) ? random.integer(0, 2000) : undefined,
    });
  }
  return jobs;
}
