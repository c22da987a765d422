import { masterAddress } from '../../../minion/link/link_settings.ts';
import type { LinkStatus } from '../../../minion/link/link_status.ts';
import { addressText } from '../../../shared/address_text.ts';
import { timeText } from '../../../shared/time_text.ts';
import { defineCheck, doesNotAnswer, type Finding, fail, ok, skip, warn } from '../check.ts';
import type { MinionMachine } from '../machine.ts';

export interface ConnectionFacts {
  readonly address: string;
  readonly status: LinkStatus | undefined;
  readonly log: string;
  readonly again: string;
}

export default defineCheck<ConnectionFacts>({
  summary: 'Whether the running minion is connected to its master, and if not, why.',
  stage: 'traffic',
  gather: { minion: gather },
  judge: (facts) => [judge(facts)],
});

async function gather({ config, status, commands, command }: MinionMachine): Promise<ConnectionFacts> {
  return {
    address: addressText(masterAddress(config)),
    status: await status(),
    log: (await commands()).log,
    again: command('salt', 'doctor'),
  };
}

function judge({ address, status, log, again }: ConnectionFacts): Finding {
  if (status === undefined) return doesNotAnswer('salt-minion');
  const since = timeText(status.since * 1000);
  switch (status.state) {
    case 'connected':
      return ok(`connected to ${address} since ${since}`);
    case 'offered':
      return skip(`waits for its key to be accepted since ${since}`);
    case 'starting':
      return warn(`tries to connect to ${address} for the first time, since ${since}`, again);
    case 'waiting':
      if (status.code === 'NOT_PERMITTED') return skip('the master does not take its key');
      return fail(`not connected to ${address} since ${since}: ${status.reason ?? 'the reason is not known'}`, log);
  }
}
