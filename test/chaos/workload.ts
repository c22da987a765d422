import { connectOperator, type OperatorClient, type OperatorStep } from '../../shared/client/operator_client.ts';
import { systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { PlannedJob } from './chaos_plan.ts';

/** The master may be frozen or dead: nobody waits longer for its answer, milliseconds. */
const PATIENCE_MS = 4000;

/** What an operator knows of a job it asked for. `unknown`: the master went away before it answered. */
export type Acceptance =
  | { readonly kind: 'accepted'; readonly jid: string; readonly minions: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown' };

/** An operator who tries again with a new connection when the old one is gone. */
export interface Operator {
  publish(job: PlannedJob, effectFile: string): Promise<Acceptance>;
  runner(fun: string, arg?: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export function createOperator(socketPath: string): Operator {
  let client: OperatorClient | undefined;
  const forget = async (): Promise<void> => {
    const old = client;
    client = undefined;
    await old?.close().catch(() => undefined);
  };
  const request = async (body: { readonly op: string } & Record<string, unknown>): Promise<readonly OperatorStep[]> => {
    client ??= await connectOperator({ socketPath, firstAnswerMs: PATIENCE_MS, clock: systemClock });
    const steps: OperatorStep[] = [];
    try {
      for await (const step of client.request(body)) steps.push(step);
    } catch (error) {
      if (isGone(error)) await forget();
      throw error;
    }
    return steps;
  };
  return {
    async publish(job, effectFile) {
      try {
        const steps = await request(jobRequest(job, effectFile));
        const answer = steps.find(({ t }) => t === 'job');
        if (answer === undefined) return { kind: 'unknown' };
        return { kind: 'accepted', jid: String(answer.jid), minions: answer.minions as readonly string[] };
      } catch (error) {
        if (isGone(error)) return { kind: 'unknown' };
        if (error instanceof FleetError) return { kind: 'refused', message: `${error.code}: ${error.message}` };
        throw error;
      }
    },
    async runner(fun, arg = []) {
      return (await request({ op: 'runner', fun, arg })).find(({ t }) => t === 'value')?.value;
    },
    close: forget,
  };
}

export function isGone(error: unknown): boolean {
  return error instanceof FleetError && error.code === 'MASTER_UNREACHABLE';
}

/** `<token> <minion> <seconds UTC>`, appended by a shell: what happened on the machine, whatever anybody says of it. */
function jobRequest(job: PlannedJob, effectFile: string) {
  const { token, targets, runSeconds, outputBytes, timeoutSeconds, queueForSeconds, isBatch } = job;
  const command = [
    // Each minion is started with its name in its environment, which is its jobs' too.
    `printf '%s %s %s\\n' ${token} "$CHAOS_MINION" "$(date +%s.%N)" >> ${effectFile}`,
    ...(outputBytes > 0 ? [`head -c ${outputBytes} /dev/zero | tr '\\0' x`] : []),
    ...(runSeconds > 0 ? [`sleep ${runSeconds}`] : []),
  ].join('; ');
  return {
    op: 'job',
    tgt: targets.join(','),
    tgt_type: 'list',
    fun: 'cmd.run',
    arg: [command],
    kwarg: { python_shell: true },
    async: true,
    timeout: timeoutSeconds,
    queue_for: queueForSeconds ?? 0,
    metadata: { chaos: token },
    ...(isBatch && { batch: { size: 1 } }),
  };
}
