import type { InfoPayload } from '../../../shared/protocol/messages/job.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { bytesText } from '../bytes_text.ts';
import { defineCheck, doesNotAnswer, type Finding, fail, ok } from '../check.ts';
import type { MasterMachine } from '../machine.ts';

/** Packets of a full minion have so many bytes at most: a return of 250 KiB with its topic. */
const FULL_PACKET = 252 * 1024;
/** Below it a job with a few arguments may not fit. */
const SMALL_PACKET = 1024;
const TOLD_MAX = 5;

export interface PacketFacts {
  readonly maxPacketBytes: number;
  /** By connected minion, what it takes; undefined when the master was not asked. */
  readonly packets: ReadonlyMap<string, number> | undefined;
  readonly file: string;
  readonly restart: string;
}

export default defineCheck<PacketFacts>({
  summary: 'Whether the master takes what minions send, and minions what it sends.',
  stage: 'traffic',
  gather: { master: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ config, configDir, daemon, ask, commands }: MasterMachine): Promise<PacketFacts> {
  const { state } = await daemon();
  return {
    maxPacketBytes: config.max_packet_bytes,
    packets: state === 'answers' ? packetsOf(await ask('manage.capabilities')) : undefined,
    file: `${configDir}/master`,
    restart: (await commands()).restart,
  };
}

function packetsOf(capabilities: unknown): ReadonlyMap<string, number> {
  const all = Object.entries(capabilities as Readonly<Record<string, InfoPayload>>);
  return new Map(all.map(([id, { max_packet }]) => [id, max_packet]));
}

function judge({ maxPacketBytes, packets, file, restart }: PacketFacts): Finding {
  if (maxPacketBytes < FULL_PACKET) {
    return fail(
      `max_packet_bytes is ${bytesText(maxPacketBytes)}, and minions send returns in packets of up to ${bytesText(FULL_PACKET)}: larger ones end their connection`,
      `sed -i 's/^max_packet_bytes:.*/max_packet_bytes: 264KiB/' ${shellWord(file)} && ${restart}`,
    );
  }
  const taken = `the master takes packets of ${bytesText(maxPacketBytes)}`;
  if (packets === undefined) return doesNotAnswer('salt-master');
  const small = [...packets].filter(([, bytes]) => bytes < SMALL_PACKET).sort(([, a], [, b]) => a - b);
  if (small.length === 0) return ok(`${taken}, and every connected minion those of the master`);
  const names = small.slice(0, TOLD_MAX).map(([id, bytes]) => `${id} ${bytes}`);
  const more = small.length > TOLD_MAX ? ` and ${small.length - TOLD_MAX} more` : '';
  return ok(`${taken}; small minions take less, a longer job for them is refused: ${names.join(', ')}${more} bytes`);
}
