import { defineCheck, doesNotAnswer, type Finding, ok, warn } from '../check.ts';
import type { MasterMachine } from '../machine.ts';

const TOLD_MAX = 5;

/** The ids of accepted minions; undefined when the master was not asked. */
export type PresenceFacts = { readonly up: readonly string[]; readonly down: readonly string[] } | undefined;

export default defineCheck<PresenceFacts>({
  summary: 'Which accepted minions are connected.',
  stage: 'traffic',
  gather: { master: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ daemon, ask }: MasterMachine): Promise<PresenceFacts> {
  const { state } = await daemon();
  return state === 'answers' ? ((await ask('manage.status')) as PresenceFacts) : undefined;
}

/** Single machines are switched off; that all are is something else. */
function judge(facts: PresenceFacts): Finding {
  if (facts === undefined) return doesNotAnswer('salt-master');
  const { up, down } = facts;
  const all = up.length + down.length;
  if (all === 0) return ok('no minion is accepted yet');
  if (up.length === 0) return warn(`none of ${all} accepted minions is connected`, 'salt doctor', `on ${down[0]}`);
  const more = down.length > TOLD_MAX ? ` and ${down.length - TOLD_MAX} more` : '';
  const missing = down.length === 0 ? '' : `; not ${down.slice(0, TOLD_MAX).join(', ')}${more}`;
  return ok(`${up.length} of ${all} accepted minions are connected${missing}`);
}
