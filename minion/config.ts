import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logSettings, outputSettings, pathSettings } from '../shared/config/daemon_settings.ts';
import {
  bytes,
  choice,
  count,
  flag,
  map,
  mapOf,
  milliseconds,
  nullable,
  pathList,
  port,
  seconds,
  text,
  textLike,
  textList,
} from '../shared/config/format.ts';
import { type Loaded, type LoadOptions, loadConfig } from '../shared/config/load_config.ts';
import { minionReturnerSettings } from '../shared/config/returner_settings.ts';
import { type ConfigSchema, ownKey, type SettingGroups, saltKey } from '../shared/config/setting.ts';
import { readOptionalFile } from '../shared/crypto/private_file.ts';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import { isMinionId } from '../shared/ids.ts';
import { makeWithParents } from '../shared/make_with_parents.ts';
import { RETURN_PARTS_MAX } from '../shared/protocol/messages/return.ts';
import { localReactorRules } from '../shared/reactor/reactor_rules.ts';

/** A host or an address, and a port that there can be. */
const MASTER_ADDRESS =
  /^(\[[0-9A-Fa-f:]+\]|[^\s:[\]]+)(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/;

const master = {
  master: saltKey(
    textLike(MASTER_ADDRESS, 'a host name or address, with or without `:port`, from 1 to 65535'),
    'salt',
    'The master, as `host` or `host:port`.',
  ),
  master_port: saltKey(port, 8883, 'TCP port of the master, when `master` does not say.'),
  master_finger: saltKey(
    textLike(/^$|^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, 'the 32 bytes that `salt-key -F` prints, or empty'),
    '',
    "Fingerprint of the master's key, as `salt-key -F master` prints it. Empty: the key seen first is pinned.",
  ),
  enroll_token: ownKey(
    nullable(text),
    null,
    'One-time token of `salt-key --gen-token`, sent when the minion is enrolled.',
  ),
  acceptance_wait_time: saltKey(seconds(1), 10, 'How long to wait before asking again whether the key was accepted.'),
  recon_default: saltKey(milliseconds(10), 1000, 'Shortest wait before a new connection to the master is tried.'),
  recon_max: saltKey(
    milliseconds(10),
    60_000,
    'Longest wait before a new connection is tried. Waits double up to it and are then drawn at random.',
  ),
  keepalive_seconds: ownKey(
    seconds(5, 65535),
    60,
    'Longest silence on the connection; after one and a half of it the other side is taken for dead.',
  ),
};

const identity = {
  id: saltKey(
    nullable(
      textLike(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
        '1 to 63 characters of A-Z a-z 0-9 . _ - that start with a letter or digit',
      ),
    ),
    null,
    'Name of this minion. null: what the file `minion_id` beside this file says, else the host name.',
  ),
  minion_id_caching: saltKey(flag, true, 'Keep an id that came from the host name in the file `minion_id`.'),
  minion_id_lowercase: saltKey(flag, false, 'Take the host name in lower case.'),
  append_domain: saltKey(nullable(text), null, 'Domain that is put behind a host name that has none.'),
};

const profile = {
  profile: ownKey(
    choice(['full', 'lite']),
    'full',
    'What the minion brings. With `lite`, for a small machine, it has no broker: other processes cannot join its event bus.',
  ),
};

const grains = {
  grains: saltKey(map, {}, 'Grains of your own; stronger than those of the file `grains` beside this file.'),
  grains_deep_merge: saltKey(flag, false, 'Merge mappings of grains of one name instead of replacing them.'),
  grains_blacklist: saltKey(textList, [], 'Globs of grains that are left out.'),
  grains_dirs: saltKey(pathList, [], 'Directories of grains of your own: scripts, and programs that write JSON.'),
  grains_refresh_every: saltKey(count(0), 0, 'How often the grains are collected anew, in minutes. 0 for never.'),
};

const jobs = {
  process_count_max: saltKey(count(-1), -1, 'Jobs that run at a time; others wait. -1 for any number.'),
  max_return_size: ownKey(
    bytes(1024, RETURN_PARTS_MAX.bytes),
    RETURN_PARTS_MAX.bytes,
    'Largest return; a larger one is replaced by an error that says so, with both ends of the output.',
  ),
  max_outbox_bytes: ownKey(
    bytes(65536),
    64 * 1024 ** 2,
    'Returns and events that wait on disk while the master is away; beyond it the oldest progress is dropped first.',
  ),
  backup_mode: saltKey(
    choice(['', 'minion', 'master', 'both']),
    '',
    'Where files are kept before they are changed: `minion` for the cache directory; empty for nowhere.',
  ),
};

const http = {
  http_connect_timeout: saltKey(seconds(1), 20, 'Longest wait for a connection of the functions of `http`.'),
  http_request_timeout: saltKey(seconds(1), 3600, 'Longest time that a whole request of theirs may take.'),
};

const sdb = {
  sdb: ownKey(
    mapOf(map),
    {},
    'Profiles of sdb, by the names that `sdb://name/key` has: each names its `driver`, `env` or `yaml`. As in Salt they may stand at the top of the file, too.',
  ),
};

const customModules = {
  module_dirs: saltKey(
    pathList,
    [],
    'Directories of execution modules of your own, a file each. A name in the first of them wins, also over our own modules.',
  ),
};

const guards = {
  disable_modules: saltKey(textList, [], 'Execution modules that are not there, whoever calls them.'),
  whitelist_modules: saltKey(textList, [], 'The only execution modules that are there. Empty: all.'),
  cmd_blacklist_glob: saltKey(textList, [], 'Globs of command lines that the functions of `cmd` refuse.'),
  cmd_whitelist_glob: saltKey(
    textList,
    [],
    'Globs of the only command lines that the functions of `cmd` run. Empty: all that are not refused.',
  ),
  minion_blackout: saltKey(
    flag,
    false,
    'Refuse all jobs but those whose functions only look. A grain of this name does the same.',
  ),
  minion_blackout_whitelist: saltKey(
    textList,
    [],
    'Globs of further functions that run during a blackout. A grain of this name adds to it.',
  ),
};

const beacons = {
  beacons: saltKey(
    map,
    {},
    'What the minion watches, by the name of the beacon: a list of keys with values, as Salt writes it.',
  ),
};

const reactor = {
  reactor: saltKey(
    localReactorRules,
    [],
    "Rules of the minion's reactor: for each glob of tags of its own bus the files that say what to do, in their order.",
  ),
};

const schedule = {
  schedule: saltKey(
    map,
    {},
    'What the minion runs by itself, and when: items by name, as Salt writes them. `schedule.add` makes further ones, which need not stand here.',
  ),
};

const mine = {
  mine_functions: saltKey(
    map,
    {},
    'What other minions may know: functions with their arguments, or aliases of functions (MIN-1).',
  ),
  mine_interval: saltKey(count(1, 35_000), 60, 'Minutes between two updates of the mine.'),
  mine_enabled: saltKey(flag, true, 'Send the mine when connected and at each interval.'),
};

const local = {
  local_tcp_port: ownKey(
    nullable(port),
    null,
    "TCP port on 127.0.0.1 of the minion's own event bus; null: the bus is on the unix socket alone.",
  ),
};

const events = {
  start_event_grains: saltKey(textList, [], 'Grains that `salt/minion/<id>/start` tells the master.'),
  forward_local_events: ownKey(
    textList,
    [],
    "Globs of tags: such events of the minion's own bus go to the master as well, if a minion may fire them.",
  ),
  forward_local_events_rate: ownKey(
    count(1),
    10,
    'Events per second that are forwarded so, with bursts of five seconds; what is beyond stays here and is counted.',
  ),
};

/** Every key of `/etc/salt/minion`. */
export const minionSchema = {
  kind: 'minion',
  profiles: 'sdb',
  moduleOptions: /^[a-z_]+\.[\w.]+$/,
  groups: {
    Master: master,
    Identity: identity,
    Profile: profile,
    'Files and directories': pathSettings('minion'),
    Grains: grains,
    'Custom modules': customModules,
    Jobs: jobs,
    HTTP: http,
    SDB: sdb,
    Guards: guards,
    Returners: minionReturnerSettings,
    Beacons: beacons,
    Reactor: reactor,
    Schedule: schedule,
    Mine: mine,
    'Event bus': { ...local, ...events },
    Log: logSettings('minion'),
    Output: outputSettings,
  },
  replaced: {
    user: 'start the daemon as that user, in systemd by User=',
    publish_port: 'the minion connects to master_port',
    recon_randomize: 'waits are always random',
    multiprocessing: 'jobs that need it run in processes of their own',
    transport: 'the transport is MQTT',
    keysize: 'keys are Ed25519',
    beacons_before_connect: 'beacons always start with the minion; what they tell waits for the master',
    loop_interval: 'the scheduler wakes when something is due',
    scheduler_before_connect: 'the scheduler always starts with the minion; what it returns waits for the master',
    open_mode: 'keys are always checked',
    autosign_grains: 'all grains are offered with the key',
  },
} as const satisfies ConfigSchema<SettingGroups>;

type FileConfig = Loaded<(typeof minionSchema)['groups']>;

export interface MinionConfig extends FileConfig {
  readonly id: string;
}

export interface MinionLoadOptions extends LoadOptions {
  /** The machine's name, for a minion that was given none. */
  readonly hostname: string;
}

/** Throws CONFIG_INVALID and FILE_UNREADABLE. */
export async function loadMinionConfig(options: MinionLoadOptions): Promise<MinionConfig> {
  const config = await loadConfig(minionSchema, options);
  checkProfile(config);
  return Object.freeze({ ...config, id: config.id ?? (await findMinionId(config, options.hostname)) });
}

/** Throws CONFIG_INVALID. */
function checkProfile({ profile, local_tcp_port: port }: FileConfig): void {
  if (profile === 'full' || port === null) return;
  throw new FleetError(
    'CONFIG_INVALID',
    `local_tcp_port: ${port} needs a broker, which a minion of profile lite has not`,
    {
      hint: 'set profile: full, or leave local_tcp_port out',
    },
  );
}

/** ARC-8: the file `minion_id`, else the host name. */
async function findMinionId(config: FileConfig, hostname: string): Promise<string> {
  const file = join(config.config_dir, 'minion_id');
  const cached = await readMinionId(file);
  if (cached !== undefined) return checkMinionId(cached, file);
  return checkMinionId(nameFromHost(config, hostname), 'the host name');
}

async function readMinionId(file: string): Promise<string | undefined> {
  const id = (await readOptionalFile(file))?.trim();
  return id === '' ? undefined : id;
}

function nameFromHost(config: FileConfig, hostname: string): string {
  const name = config.minion_id_lowercase ? hostname.toLowerCase() : hostname;
  return config.append_domain === null || name.includes('.') ? name : `${name}.${config.append_domain}`;
}

function checkMinionId(id: string, source: string): string {
  if (isMinionId(id)) return id;
  throw new FleetError('CONFIG_INVALID', `${source}: ${JSON.stringify(id)} cannot be a minion id`, {
    hint: 'set id in the configuration of the minion',
  });
}

/** Keeps an id, so that a change of the host name does not make another minion of this one. Throws FILE_UNREADABLE. */
export async function cacheMinionId(config: MinionConfig): Promise<void> {
  if (!config.minion_id_caching) return;
  const file = join(config.config_dir, 'minion_id');
  try {
    await makeWithParents(config.config_dir);
    await writeFile(file, `${config.id}\n`, { flag: 'wx' });
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return;
    throw new FleetError('FILE_UNREADABLE', `${file}: ${(error as Error).message}`, {
      cause: error,
      hint: 'set id in the configuration, or minion_id_caching: False',
    });
  }
}
