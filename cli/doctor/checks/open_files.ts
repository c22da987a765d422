import { readKeyIds } from '../../../master/keys/key_files.ts';
import { defineCheck, doesNotAnswer, type Finding, fail, ok, skip, warn } from '../check.ts';
import type { Daemon } from '../look_at_daemon.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';

/** For all but the minions' connections: listeners, the store, logs, commands. */
const OWN_FILES = 64;
/** Of a minion: jobs run processes and read files. */
const MINION_FILES = 256;
const CROWDED = 0.8;

export interface FileFacts {
  readonly daemon: Pick<Daemon, 'name' | 'pid' | 'filesMax' | 'filesOpen'>;
  /** Files that are needed now, and when the fleet has grown to what is configured. */
  readonly needed: number;
  readonly planned: number;
  /** What asks for so many. */
  readonly reason: string;
}

export default defineCheck<FileFacts>({
  summary: 'Whether the daemon may open as many files as it needs: one for each minion.',
  stage: 'machine',
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (facts) => [judge(facts)],
});

async function gatherMaster({ config, daemon }: MasterMachine): Promise<FileFacts> {
  const accepted = (await readKeyIds(config.pki_dir, 'accepted').catch(() => [])).length;
  const wanted = Math.max(accepted, config.max_minions);
  const reason = config.max_minions > accepted ? `max_minions ${config.max_minions}` : `${accepted} accepted minions`;
  return { daemon: await daemon(), needed: OWN_FILES + accepted, planned: OWN_FILES + wanted, reason };
}

async function gatherMinion({ daemon }: MinionMachine): Promise<FileFacts> {
  return { daemon: await daemon(), needed: OWN_FILES, planned: MINION_FILES, reason: 'jobs' };
}

function judge({ daemon, needed, planned, reason }: FileFacts): Finding {
  const { name, pid, filesMax: max, filesOpen: open } = daemon;
  if (pid === undefined) return doesNotAnswer(name);
  if (max === undefined) return skip(`the limits of process ${pid} cannot be read`);
  const enough = Math.max(2 * planned, 4 * (open ?? 0), 1024);
  const mend = `prlimit --pid ${pid} --nofile=${enough}:${enough}  # for the next start: LimitNOFILE=${enough} in the unit of ${name}`;
  const inUse = open === undefined ? '' : `, ${open} are open`;
  if (max < needed) return fail(`${name} may open ${max} files and needs ${needed} for ${reason}${inUse}`, mend);
  if (open !== undefined && open > CROWDED * max)
    return warn(`${name} has ${open} of the ${max} files open that it may`, mend);
  if (max < planned) return warn(`${name} may open ${max} files and would need ${planned} for ${reason}${inUse}`, mend);
  return ok(`${name} may open ${Number.isFinite(max) ? max : 'any number of'} files${inUse}`);
}
