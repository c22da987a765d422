import type { LinkStatus } from '../../../minion/link_status.ts';
import { defineCheck, doesNotAnswer, type Finding, ok, warn } from '../check.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';
import { timeText } from '../time_text.ts';

export type RefusalFacts = MasterRefusals | MinionRefusals;

interface MasterRefusals {
  readonly role: 'master';
  /** The broker's, since the master started; undefined when it was not asked. */
  readonly counters: Readonly<Record<string, number>> | undefined;
  readonly file: string;
  readonly logFile: string | null;
  readonly socket: string;
}

interface MinionRefusals {
  readonly role: 'minion';
  readonly id: string;
  readonly refused: LinkStatus['refused'] | undefined;
}

/** What a counter means, and the setting that is behind it; without one, who is refused has to be found. */
const meanings: Readonly<Record<string, readonly [meaning: string, setting?: string]>> = {
  publishes_refused_acl: ['messages whose author may not publish there were refused'],
  publishes_refused_schema: ['messages that are not what their topic says were refused'],
  publishes_refused_size: ['messages that are too large were refused'],
  publishes_refused_rate: ['messages beyond so many a second of one minion were refused', 'max_publishes_per_second'],
  packets_too_large: ['connections were ended for a packet that is too large', 'max_packet_bytes'],
  readers_too_slow: ['connections of clients that read too slowly were ended', 'max_backlog_bytes'],
  connections_over_limit: [
    'connections beyond so many were closed at once',
    'max_connects_per_second or max_connections',
  ],
};

export default defineCheck<RefusalFacts>({
  summary: 'Whether messages or connections are refused, for which limit or right, and who is told why.',
  stage: 'traffic',
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (facts) => (facts.role === 'master' ? judgeMaster(facts) : [judgeMinion(facts)]),
});

async function gatherMaster({ config, configDir, daemon, ask }: MasterMachine): Promise<RefusalFacts> {
  const { state, socket } = await daemon();
  const counters = state === 'answers' ? ((await ask('broker.counters')) as Record<string, number>) : undefined;
  return { role: 'master', counters, file: `${configDir}/master`, logFile: config.log_file, socket };
}

async function gatherMinion({ config, status }: MinionMachine): Promise<RefusalFacts> {
  return { role: 'minion', id: config.id, refused: (await status())?.refused };
}

function judgeMaster({ counters, file, logFile, socket }: MasterRefusals): Finding[] {
  if (counters === undefined) return [doesNotAnswer('salt-master')];
  const found = Object.entries(meanings).flatMap(([name, [meaning, setting]]) => {
    const count = counters[name] ?? 0;
    if (count === 0) return [];
    const text = `${meaning}: ${count} since the start (${name})`;
    if (name.startsWith('publishes_')) {
      const watch = `mosquitto_sub --unix ${socket} -t 'salt/err/+' -v  # names them`;
      return [warn(text, setting === undefined ? watch : `${watch}; or raise ${setting} in ${file}`)];
    }
    const look = logFile === null ? `vi ${file}` : `grep -E 'disconnected|refused' ${logFile} | tail`;
    return [warn(text, `${look}  # or raise ${setting} in ${file}`)];
  });
  return found.length > 0
    ? found
    : [ok('no message and no connection was refused for a limit or a right since the start')];
}

function judgeMinion({ id, refused }: MinionRefusals): Finding {
  if (refused === undefined) return doesNotAnswer('salt-minion');
  const { count, last } = refused;
  if (last === undefined) return ok('the master refused no message of this minion since it started');
  return warn(
    `the master refused ${count} messages of ${id}, the last on ${timeText(last.time * 1000)}: ${last.topic}: ${last.message} (${last.reason})`,
    mendOf(last.reason, id),
    last.reason === 'rate' || last.reason === 'size' ? 'on the master' : undefined,
  );
}

function mendOf(reason: string, id: string): string {
  if (reason === 'rate') return 'vi /etc/salt/master  # raise max_publishes_per_second; or let it send less';
  if (reason === 'size') return 'vi /etc/salt/master  # raise max_packet_bytes; or let it send less';
  return `salt-call event.fire_master '{}' myapp/ready  # ${id} may send such; docs/protocol.md says what else`;
}
