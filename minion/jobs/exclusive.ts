import { FleetError } from '../../shared/errors.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';

/** Functions that must not run beside one another, such as all that apply states (JOB-18). */
export interface Exclusive {
  /**
   * Resolves, when it is the job's turn, to what ends the turn. A job that does not say `queue=True` is refused while
   * another has the turn. Throws LIMIT_EXCEEDED in the words of Salt.
   */
  enter(group: string, job: JobPayload, signal: AbortSignal): Promise<() => void>;
}

interface Turn {
  readonly job: JobPayload;
  readonly startedAt: string;
  readonly over: Promise<void>;
}

/** `pid` is this process's; `stamp` tells the time as an event's `_stamp` does. */
export function createExclusive(pid: number, stamp: () => string): Exclusive {
  const turns = new Map<string, Turn>();
  const take = (group: string, job: JobPayload): (() => void) => {
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    turns.set(group, { job, startedAt: stamp(), over });
    return () => {
      turns.delete(group);
      end();
    };
  };
  return {
    async enter(group, job, signal) {
      for (let turn = turns.get(group); turn !== undefined; turn = turns.get(group)) {
        if (job.kwarg?.queue !== true) throw runningAlready(turn, pid);
        if (!signal.aborted) await Promise.race([turn.over, aborted(signal)]);
        if (signal.aborted) throw new FleetError('COMMAND_FAILED', 'stopped while it waited for its turn');
      }
      return take(group, job);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function runningAlready({ job, startedAt }: Turn, pid: number): FleetError {
  const text = `The function "${job.fun}" is running as PID ${pid} and was started at ${startedAt} with jid ${job.jid}`;
  return new FleetError('LIMIT_EXCEEDED', text, { hint: 'wait for it, or say queue=True' });
}
