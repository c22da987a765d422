import type { BrokerLimits } from '../broker/broker_options.ts';
import { logSettings, outputSettings, pathSettings } from '../shared/config/daemon_settings.ts';
import {
  bytes,
  count,
  type Format,
  flag,
  isMapping,
  listenPort,
  map,
  mapOf,
  nullable,
  path,
  pathList,
  seconds,
  text,
} from '../shared/config/format.ts';
import { type Loaded, type LoadOptions, loadConfig } from '../shared/config/load_config.ts';
import { masterReturnerSettings } from '../shared/config/returner_settings.ts';
import { type ConfigSchema, ownKey, type SettingGroups, saltKey } from '../shared/config/setting.ts';
import { reactorRules } from '../shared/reactor/reactor_rules.ts';
import { externalAuth } from './auth/external_auth.ts';
import { fileRootsFormat } from './files/file_roots.ts';
import { nodegroupRules } from './nodegroups.ts';
import { peerRules } from './peer.ts';
import { publisherAcl, publisherAclBlacklist } from './permissions/permission_rules.ts';

/** An operator who may log in over TCP; over the unix socket the file's owner is the operator. */
export interface OperatorEntry {
  /** SHA-256 of the password, hex. */
  readonly password_hash: string;
}

const operator: Format<OperatorEntry> = {
  expects: '{password_hash: 64 hex digits}',
  read(value) {
    if (!isMapping(value) || Object.keys(value).join() !== 'password_hash') return undefined;
    const { password_hash } = value;
    return typeof password_hash === 'string' && /^[0-9a-f]{64}$/.test(password_hash) ? { password_hash } : undefined;
  },
  fromText: (given) => given,
};

const listeners = {
  interface: saltKey(text, '0.0.0.0', 'Address that minions connect to.'),
  tls_port: ownKey(
    listenPort,
    8883,
    'TCP port of the TLS listener: minions, and clients that want to be enrolled. 0: any that is free.',
  ),
  tcp_interface: ownKey(
    nullable(text),
    '127.0.0.1',
    'Address of the listener without TLS, for operators with a password and for debugging; null for none.',
  ),
  tcp_port: ownKey(listenPort, 1883, 'TCP port of the listener without TLS. 0: any that is free.'),
};

const keys = {
  auto_accept: saltKey(
    flag,
    false,
    'Accept every new key unseen. Whoever reaches the port is then a minion: for test fleets only.',
  ),
  allow_minion_key_revoke: saltKey(
    flag,
    true,
    'Whether a minion may have its own key deleted, by `saltutil.revoke_auth`.',
  ),
  autosign_file: saltKey(
    nullable(path),
    null,
    'File of minion ids, globs or regular expressions, one a line, whose keys are accepted unseen.',
  ),
  autoreject_file: saltKey(
    nullable(path),
    null,
    'File of minion ids, globs or regular expressions, one a line, whose keys are rejected. Stronger than autosign_file.',
  ),
  autosign_grains_dir: saltKey(
    nullable(path),
    null,
    'Directory of files named after a grain; a minion whose grain equals a line of the file is accepted unseen.',
  ),
  max_minions: saltKey(count(0), 0, 'Keys that are accepted at most; 0 for any number.'),
  minion_cert_days: ownKey(
    count(1, 3650),
    365,
    'Days that the certificate of a minion is valid; a connected minion has it renewed when two thirds of them are over.',
  ),
  signing_key_overlap: ownKey(
    seconds(0),
    3600,
    'How long minions take jobs of a signing key that `salt-run key.rotate` replaced.',
  ),
  enroll_token_expire: ownKey(seconds(60), 86400, 'How long a token of `salt-key --gen-token` can be used, once.'),
  operators: ownKey(
    mapOf(operator),
    {},
    'Operators who may log in with a password. `salt-run operators.add` makes further ones, which need not stand here.',
  ),
};

const jobs = {
  timeout: saltKey(
    seconds(1),
    5,
    'How long `salt` waits, and within which a minion must have started a job that is not queued.',
  ),
  keep_jobs_seconds: saltKey(seconds(0), 86400, 'How long ended jobs and their returns are kept; 0 for ever.'),
  job_queue_for: ownKey(
    seconds(0),
    0,
    'How long a job is kept for a minion that is offline, when the operator does not say; 0: it is not kept.',
  ),
  job_queue_max_per_minion: ownKey(count(1), 100, 'Jobs that may wait for one minion.'),
  job_queue_max_total: ownKey(count(1), 100_000, 'Jobs that may wait for all minions together.'),
  job_start_timeout: ownKey(
    seconds(1),
    10,
    'How long after its expiry a job that was sent may stay unconfirmed before it is given up.',
  ),
  job_step_timeout: ownKey(
    seconds(60),
    300,
    'How long a running job may give no sign of life; a minion gives one every 30 seconds.',
  ),
  job_timeout: ownKey(seconds(1), 86400, 'How long a job may run at all.'),
  slow_job_seconds: ownKey(seconds(0), 10, 'A part of a job that ran so long is told under `salt/idx/slow/…`.'),
  max_inflight: ownKey(count(1, 1024), 4, 'Jobs that are sent to one full minion before it has confirmed one.'),
};

const permissions = {
  publisher_acl: saltKey(
    publisherAcl,
    {},
    'Which operators may call which functions. Empty: each may all. Expressions match whole names.',
  ),
  external_auth: saltKey(
    externalAuth,
    {},
    'Operators whom the system (`pam`), a file (`file`) or a directory (`ldap`) knows, and what they may. They log in as `pam.<name>` and so on.',
  ),
  publisher_acl_blacklist: saltKey(
    publisherAclBlacklist,
    {},
    'Operators and functions that are refused whatever else is said.',
  ),
  audit_log: ownKey(
    flag,
    true,
    'Write who asked for what to the file `audit` in cachedir, a line of JSON each, chained by hashes (`salt-run audit.verify`).',
  ),
};

const targets = {
  nodegroups: saltKey(
    nodegroupRules,
    {},
    'Named targets: a compound target, or a list of its words, or a list of ids. `salt -N` and `N@` use them.',
  ),
};

const peers = {
  peer: saltKey(
    peerRules,
    {},
    'Which minions may run which functions on others (`publish.publish`). Empty: none. Expressions match whole names.',
  ),
  peer_run: saltKey(peerRules, {}, 'Which minions may call which runner functions (`publish.runner`). Empty: none.'),
  mine_bytes: ownKey(bytes(1024), 1024 ** 2, 'What one minion may keep in the mine.'),
};

const monitoring = {
  metrics_port: ownKey(
    nullable(listenPort),
    null,
    'TCP port of `/metrics` (Prometheus) and `/healthz`; null for none, 0 for any that is free.',
  ),
  metrics_interface: ownKey(
    text,
    '127.0.0.1',
    'Address of that port. Whoever reaches it sees numbers and the names of readers, nothing else.',
  ),
};

const limits = {
  max_packet_bytes: ownKey(bytes(1024), 264 * 1024, 'Largest packet that is taken from a client.'),
  max_connect_packet_bytes: ownKey(
    bytes(256, 65536),
    4096,
    'Largest packet that is taken from a client before it has said who it is.',
  ),
  max_connections: ownKey(
    count(1),
    20_000,
    'Connections at a time; of one observer or constrained minion, and of all that wait for enrolment, a tenth.',
  ),
  max_connects_per_second: ownKey(
    count(1),
    200,
    'New connections per second, with bursts of as many; what is beyond is closed at once.',
  ),
  max_publishes_per_second: ownKey(
    count(1),
    1000,
    'Messages per second of one minion, with bursts of five seconds. Operators are not limited.',
  ),
  max_subscriptions: ownKey(count(1), 32, 'Filters that one client may subscribe to.'),
  max_backlog_bytes: ownKey(
    bytes(65536),
    4 * 1024 ** 2,
    'Bytes that may wait for one client before it is disconnected as too slow.',
  ),
  max_open_requests: ownKey(count(1), 64, 'Questions of one minion that are answered at a time.'),
  max_refusals: ownKey(count(1), 100, 'Refused messages of one connection before it is closed.'),
};

const schedule = {
  schedule: saltKey(
    map,
    {},
    'What the master runs by itself, and when: runners by name, as Salt writes them; `wheel.` before the name of a wheel function.',
  ),
};

const events = {
  presence_events: saltKey(flag, false, 'Fire `salt/presence/present` and `salt/presence/change` on the event bus.'),
  event_log_seconds: ownKey(
    seconds(0),
    7 * 86400,
    'How long events are kept for those who read them later; 0: until event_log_bytes is reached.',
  ),
  event_log_bytes: ownKey(
    bytes(64 * 1024),
    256 * 1024 ** 2,
    'How much of the newest events is kept; older ones are removed within seconds.',
  ),
};

const reactor = {
  reactor: saltKey(
    reactorRules,
    [],
    'Rules of the reactor: for each glob of tags the files that say what to do, in their order. `salt-run reactor.add` makes further ones.',
  ),
  reactor_dirs: ownKey(pathList, [], 'Directories of reactors in TypeScript or JavaScript, a file each.'),
  reactor_worker_threads: saltKey(count(1, 1000), 10, 'Runners that reactions may have under way at a time.'),
  keep_reactions: ownKey(count(100), 10_000, 'Reactions that `salt-run reactor.history` remembers.'),
};

const fileServer = {
  file_roots: saltKey(
    fileRootsFormat,
    { base: ['/srv/salt'] },
    'Directories of files by environment; `salt://` names what is below them. The first directory that has a file wins.',
  ),
};

const oneProcess = 'the master is one process: CPUWeight= of its unit says what it gets beside others';

/** Every key of `/etc/salt/master`. */
export const masterSchema = {
  kind: 'master',
  groups: {
    'Files and directories': pathSettings('master'),
    Listeners: listeners,
    'Keys and operators': keys,
    Jobs: jobs,
    Returners: masterReturnerSettings,
    Schedule: schedule,
    Events: events,
    Permissions: permissions,
    Targets: targets,
    'Mine and peers': peers,
    Reactor: reactor,
    'File server': fileServer,
    Monitoring: monitoring,
    Limits: limits,
    Log: logSettings('master'),
    Output: outputSettings,
  },
  replaced: {
    user: 'start the daemon as that user, in systemd by User=',
    publish_port: 'minions connect to tls_port',
    ret_port: 'minions connect to tls_port',
    gather_job_timeout: 'job states are followed and need not be gathered',
    keep_jobs: 'keep_jobs_seconds says it in seconds',
    open_mode: 'keys are always checked; see auto_accept',
    worker_threads: 'there are no workers to count',
    transport: 'the transport is MQTT',
    keysize: 'keys are Ed25519',
    reactor_refresh_interval: 'reactor files are read anew for each event',
    reactor_worker_hwm: 'events wait in the event log and are never dropped',
    event_publisher_niceness: oneProcess,
    event_return_niceness: oneProcess,
    fileserver_update_niceness: oneProcess,
    maintenance_niceness: oneProcess,
    mworker_niceness: oneProcess,
    mworker_queue_niceness: oneProcess,
    pub_server_niceness: oneProcess,
    reactor_niceness: oneProcess,
    req_server_niceness: oneProcess,
  },
} as const satisfies ConfigSchema<SettingGroups>;

export type MasterConfig = Loaded<(typeof masterSchema)['groups']>;

/** Throws CONFIG_INVALID and FILE_UNREADABLE. */
export function loadMasterConfig(options: LoadOptions): Promise<MasterConfig> {
  return loadConfig(masterSchema, options);
}

/** The limits of the master's broker, as they are configured. */
export function brokerLimits(config: MasterConfig): BrokerLimits {
  return {
    packetBytesMax: config.max_packet_bytes,
    connectPacketBytesMax: config.max_connect_packet_bytes,
    connectionsMax: config.max_connections,
    connectsPerSecond: config.max_connects_per_second,
    publishesPerSecond: config.max_publishes_per_second,
    subscriptionsMax: config.max_subscriptions,
    backlogBytesMax: config.max_backlog_bytes,
    refusalsMax: config.max_refusals,
  };
}
