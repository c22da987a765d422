import { connectOperator } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import type { CliConfig } from './cli_config.ts';
import type { TargetRequest } from './target_options.ts';

const FIRST_ANSWER_MS = 15_000;

/** The minions that the master would send a job to, `limit` apart. */
export async function matchedIds(
  { tgt, tgt_type, delimiter, exclude }: TargetRequest,
  { socketPath }: Pick<CliConfig, 'socketPath'>,
): Promise<readonly string[]> {
  const client = await connectOperator({ socketPath, firstAnswerMs: FIRST_ANSWER_MS, clock: systemClock });
  const kwarg = {
    tgt,
    tgt_type,
    ...(delimiter !== undefined && { delimiter }),
    ...(exclude !== undefined && { exclude }),
  };
  try {
    for await (const step of client.request({ op: 'runner', fun: 'target.preview', arg: [], kwarg })) {
      if (step.t === 'value') return step.value as readonly string[];
    }
    return [];
  } finally {
    await client.close();
  }
}
