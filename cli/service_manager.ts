import { systemClock } from '../shared/clock.ts';
import { errorLine, FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { stripControl } from './strip_control.ts';

/** Who started this daemon and wants to know how it is: systemd, or nobody. */
export interface ServiceManager {
  /** The daemon is up; again at each new status, which is a text for people. */
  ready(status?: string): void;
  /** Resolves when it knows that the daemon ends. */
  stopping(): Promise<void>;
}

const nobody: ServiceManager = { ready: () => undefined, stopping: async () => undefined };
const TELL_MS_MAX = 5000;

/**
 * systemd, when this is a service of `Type=notify`: sd_notify(3). Takes the variable out of `env`: whatever is started
 * later would speak for the daemon.
 */
export function findServiceManager(env: Record<string, string | undefined>, log: Logger): ServiceManager {
  const { NOTIFY_SOCKET } = env;
  delete env.NOTIFY_SOCKET;
  if (NOTIFY_SOCKET === undefined) return nobody;

  const notify = async (words: readonly string[]): Promise<void> => {
    try {
      // Node has no datagrams on unix sockets; systemd brings a program that has.
      const { createExec } = await import('../minion/lib/exec.ts');
      const exec = createExec({ env, log, clock: systemClock });
      const options = { env: { NOTIFY_SOCKET }, timeoutMs: TELL_MS_MAX };
      const { retcode, stderr } = await exec(['systemd-notify', ...words], options);
      if (retcode !== 0) throw new FleetError('COMMAND_FAILED', `systemd-notify: status ${retcode}: ${stderr.trim()}`);
    } catch (error) {
      log.warning('systemd was not told how it is', { reason: errorLine(error) });
    }
  };
  // One after the other: the last status is the one that stays.
  let told: Promise<void> = Promise.resolve();
  const tell = (...words: string[]): Promise<void> => {
    told = told.then(() => notify(words));
    return told;
  };
  let isStopping = false;
  return {
    ready(status) {
      if (!isStopping) void tell('READY=1', ...(status === undefined ? [] : [`STATUS=${oneLine(status)}`]));
    },
    stopping() {
      isStopping = true;
      return tell('STOPPING=1');
    },
  };
}

/** A line of its own would be a word to systemd, and the reason of a failure may come from afar. */
function oneLine(text: string): string {
  return stripControl(text).replaceAll(/\s+/g, ' ');
}
