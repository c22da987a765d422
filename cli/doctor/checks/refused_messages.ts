import type { LinkStatus } from '../../../minion/link/link_status.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { durationText } from '../../../shared/time_text.ts';
import { plural } from '../../plural.ts';
import { defineCheck, doesNotAnswer, type Finding, ok, warn } from '../check.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';

/** What is longer ago has been seen, or mended: a monitor must not tell it for ever. */
const RECENT_MS = 3_600_000;
const TOLD_MAX = 5;

export type RefusalFacts = MasterRefusals | MinionRefusals;

/** As the runner broker.refusals tells them, the last first. */
export interface ToldRefusal {
  readonly what: string;
  readonly client: string;
  readonly count: number;
  readonly time: string;
  readonly message: string;
  readonly topic?: string;
}

interface MasterRefusals {
  readonly role: 'master';
  /** Undefined when the master was not asked. */
  readonly refusals: readonly ToldRefusal[] | undefined;
  readonly nowMs: number;
  readonly file: string;
  readonly command: MasterMachine['command'];
}

interface MinionRefusals {
  readonly role: 'minion';
  readonly id: string;
  readonly refused: LinkStatus['refused'] | undefined;
  readonly nowMs: number;
}

/**
 * What a counter means, and the setting that is behind it. Of connections that were refused nothing is said: anybody
 * can cause them.
 */
const meanings: Readonly<Record<string, readonly [meaning: string, setting?: string]>> = {
  publishes_refused_acl: ['may not publish there'],
  publishes_refused_schema: ['sent what its topic does not say'],
  publishes_refused_size: ['sent a message that is too large'],
  publishes_refused_rate: ['sent too many messages a second', 'max_publishes_per_second'],
  subscriptions_refused: ['may not subscribe to that'],
  packets_too_large: ['sent a packet that is too large, and was disconnected', 'max_packet_bytes'],
  readers_too_slow: ['reads too slowly, and was disconnected', 'max_backlog_bytes'],
  connections_over_limit: ['was one connection too many', 'max_connections and max_connects_per_second'],
};

export default defineCheck<RefusalFacts>({
  summary: 'Whether messages or connections are refused, whose, and for which right or limit.',
  stage: 'traffic',
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (facts) => (facts.role === 'master' ? judgeMaster(facts) : [judgeMinion(facts)]),
});

async function gatherMaster({ configDir, daemon, ask, clock, command }: MasterMachine): Promise<RefusalFacts> {
  const { state } = await daemon();
  const refusals = state === 'answers' ? ((await ask('broker.refusals')) as readonly ToldRefusal[]) : undefined;
  return { role: 'master', refusals, nowMs: clock.nowMs(), file: `${configDir}/master`, command };
}

async function gatherMinion({ config, status, clock }: MinionMachine): Promise<RefusalFacts> {
  return { role: 'minion', id: config.id, refused: (await status())?.refused, nowMs: clock.nowMs() };
}

function judgeMaster({ refusals, nowMs, file, command }: MasterRefusals): Finding[] {
  if (refusals === undefined) return [doesNotAnswer('salt-master')];
  const known = refusals.filter(({ what }) => Object.hasOwn(meanings, what));
  const recent = known.filter(({ time }) => nowMs - Date.parse(time) < RECENT_MS);
  if (recent.length === 0) {
    const before = known.length === 0 ? 'since the start' : 'within the last hour';
    return [ok(`no message and no connection was refused for a right or a limit ${before}`)];
  }
  const list = command('salt-run', 'broker.refusals');
  const told = recent.slice(0, TOLD_MAX).map(({ what, client, count, time, message, topic }) => {
    const [meaning, setting] = meanings[what] ?? ['was refused'];
    const where = topic === undefined ? '' : ` ${topic}`;
    const ago = durationText(Math.max(0, nowMs - Date.parse(time)));
    return warn(
      `${client} ${meaning}, ${plural(count, 'time')}, last ${ago} ago:${where} (${message})`,
      setting === undefined
        ? list
        : `vi ${shellWord(file)}  # raise ${setting}, or let ${client} do less; all: ${list}`,
    );
  });
  const more = recent.length - TOLD_MAX;
  return more > 0 ? [...told, warn(`and ${more} more`, list)] : told;
}

function judgeMinion({ id, refused, nowMs }: MinionRefusals): Finding {
  if (refused === undefined) return doesNotAnswer('salt-minion');
  const { count, last } = refused;
  if (last === undefined) return ok('the master refused no message of this minion since it started');
  const agoMs = Math.max(0, nowMs - last.time * 1000);
  if (agoMs > RECENT_MS) return ok('the master refused no message of this minion within the last hour');
  return warn(
    `the master refused ${plural(count, 'message')} of ${id}, last ${durationText(agoMs)} ago: ${last.topic} (${last.reason}: ${last.message})`,
    mendOf(last.reason, id),
    last.reason === 'rate' || last.reason === 'size' ? 'on the master' : undefined,
  );
}

function mendOf(reason: string, id: string): string {
  if (reason === 'rate') return `vi /etc/salt/master  # raise max_publishes_per_second, or let ${id} send less`;
  if (reason === 'size') return `vi /etc/salt/master  # raise max_packet_bytes, or let ${id} send less`;
  return `salt-call event.fire_master '{}' myapp/ready  # ${id} may send such; docs/protocol.md says what else`;
}
