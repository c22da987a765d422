import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { Daemon } from '../look_at_daemon.ts';
import type { DaemonCommands, Machine } from '../machine.ts';

export interface DaemonFacts {
  readonly daemon: Daemon;
  readonly commands: DaemonCommands;
  /** `salt doctor` for this configuration. */
  readonly again: string;
}

export default defineCheck<DaemonFacts>({
  summary: 'Whether the daemon runs and its socket answers, and whose it is.',
  stage: 'daemon',
  gather: { master: gather, minion: gather },
  judge: (facts) => [judge(facts)],
});

async function gather(machine: Machine): Promise<DaemonFacts> {
  const [daemon, commands] = await Promise.all([machine.daemon(), machine.commands()]);
  return { daemon, commands, again: machine.command('salt', 'doctor') };
}

function judge({ daemon, commands, again }: DaemonFacts): Finding {
  const { name, socket, state, owner, pid } = daemon;
  const whose = owner === undefined ? '' : ` as ${owner}`;
  switch (state) {
    case 'answers':
      return ok(`${name} runs${whose}${pid === undefined ? '' : ` (process ${pid})`} and answers on ${socket}`);
    case 'quiet':
      return ok(
        `${name} runs${whose}${pid === undefined ? '' : ` (process ${pid})`} with profile lite: how it stands with the master is seen there`,
      );
    case 'forbidden':
      return warn(
        `${socket} is ${owner === undefined ? 'closed to' : `${owner}'s and closed to`} this user: ${name} was not asked`,
        owner === undefined || owner === 'root' ? `sudo ${again}` : `sudo -u ${owner} ${again}`,
      );
    case 'silent':
      return fail(`${name} takes connections on ${socket} and does not answer within 3 s`, commands.force);
    case 'deserted':
      if (pid !== undefined)
        return fail(`${name} runs (process ${pid}) but does not listen on ${socket}`, commands.restart);
      return fail(`${name} does not run: it was killed and left ${socket} behind`, commands.start);
    case 'missing':
      if (pid !== undefined)
        return fail(`${name} runs (process ${pid}) but its socket ${socket} is gone`, commands.restart);
      return fail(`${name} does not run: there is no ${socket}`, commands.start);
  }
}
