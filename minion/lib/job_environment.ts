/** The variables that the processes of a job start with: those of the minion, and what the job changed. */
export interface JobEnvironment {
  all(): Readonly<Record<string, string>>;
  /** Null removes a variable. With `minion` for all jobs that come as well, until the minion ends. */
  set(changes: Readonly<Record<string, string | null>>, options?: { readonly minion?: boolean }): void;
}

/** `minionEnv` is changed when a change is meant for the whole minion. */
export function createJobEnvironment(minionEnv: Record<string, string | undefined>): JobEnvironment {
  const changed = new Map<string, string | null>();
  return {
    all() {
      const variables = new Map(Object.entries(minionEnv));
      for (const [name, value] of changed) variables.set(name, value ?? undefined);
      return Object.fromEntries([...variables].filter((entry): entry is [string, string] => entry[1] !== undefined));
    },
    set(changes, { minion = false } = {}) {
      for (const [name, value] of Object.entries(changes)) {
        changed.set(name, value);
        if (!minion) continue;
        if (value === null) delete minionEnv[name];
        else minionEnv[name] = value;
      }
    },
  };
}
