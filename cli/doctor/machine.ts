import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterConfig } from '../../master/config.ts';
import type { MinionConfig } from '../../minion/config.ts';
import type { LinkStatus } from '../../minion/link/link_status.ts';
import type { TlsProbe } from '../../shared/client/probe_tls.ts';
import type { Clock } from '../../shared/clock.ts';
import type { LoadOptions } from '../../shared/config/load_config.ts';
import { shellWord } from '../../shared/shlex.ts';
import type { Daemon } from './look_at_daemon.ts';

export type Role = 'master' | 'minion';

/** What can be said of a machine before its configuration was read. */
export interface BareMachine {
  readonly role: Role;
  readonly configDir: string;
  readonly env: LoadOptions['env'];
  readonly hostname: string;
  readonly nodeVersion: string;
  readonly clock: Clock;
  /** A command line for this fleet: with `-c` where the configuration is not in the usual place. */
  command(...words: readonly string[]): string;
}

/** What a command line says that starts the daemon, or starts it again. */
export interface DaemonCommands {
  readonly start: string;
  readonly restart: string;
  /** The same of one that does not hear. */
  readonly force: string;
  /** Shows what it wrote last. */
  readonly log: string;
}

/** Each look is taken once, however many checks ask for it. */
export interface Machine extends BareMachine {
  readonly daemon: () => Promise<Daemon>;
  readonly commands: () => Promise<DaemonCommands>;
  /** What the master's TLS port shows. */
  readonly port: () => Promise<TlsProbe>;
}

export interface MasterMachine extends Machine {
  readonly config: MasterConfig;
  /** Calls a runner of the running master. Throws MASTER_UNREACHABLE and NOT_PERMITTED. */
  readonly ask: (fun: string) => Promise<unknown>;
}

export interface MinionMachine extends Machine {
  readonly config: MinionConfig;
  /** How the running minion stands with its master; undefined when it does not tell. */
  readonly status: () => Promise<LinkStatus | undefined>;
  /** The time of the master, as the running minion hears it; undefined when it does not. */
  readonly masterTime: () => Promise<MasterTime | undefined>;
}

export interface MasterTime {
  /** Whole seconds UTC. */
  readonly seconds: number;
  /** By the clock of this machine, when it was asked and when the answer was there. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

const DEFAULT_CONFIG_DIR = '/etc/salt';
const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** `salt-key -a m1`, or `salt-key -c /srv/etc -a m1`. */
export function commandFor(configDir: string, [program = '', ...words]: readonly string[]): string {
  const where = configDir === DEFAULT_CONFIG_DIR ? [] : ['-c', configDir];
  return [program, ...where, ...words].map(shellWord).join(' ');
}

/** By systemd where it has a unit for the daemon, else by hand. */
export async function daemonCommands(
  machine: BareMachine,
  { log_file }: { readonly log_file: string | null },
  daemon: Daemon,
): Promise<DaemonCommands> {
  const { name, pid } = daemon;
  const byHand = machine.command(name);
  const log =
    log_file === null ? `# look at what ${name} printed where it was started` : `tail -n 50 ${shellWord(log_file)}`;
  const usesUnit = machine.configDir === DEFAULT_CONFIG_DIR && (await hasUnit(name));
  if (usesUnit) {
    const restart = `systemctl restart ${name}`;
    const journal = `journalctl -u ${name} -n 50 --no-pager`;
    return { start: `systemctl start ${name}; ${journal}`, restart, force: restart, log: journal };
  }
  if (pid === undefined) return { start: byHand, restart: byHand, force: byHand, log };
  const stop = `kill ${pid}; sleep 5`;
  return { start: byHand, restart: `${stop}; ${byHand}`, force: `${stop}; kill -9 ${pid}; ${byHand}`, log };
}

async function hasUnit(name: string): Promise<boolean> {
  const found = UNIT_FOLDERS.map((folder) =>
    stat(join(folder, `${name}.service`)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}
