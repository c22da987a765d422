import { createHash } from 'node:crypto';
import { FleetError } from '../errors.ts';
import { readReturnValue } from '../protocol/json_scan.ts';
import type { OperatorClient, OperatorStep } from './operator_client.ts';

/** Where in a step a large value belongs: `PartsReference` of the message table. */
interface Reference {
  readonly at: readonly string[];
  readonly jid: string;
  readonly id: string;
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The step with its large values in their places. Throws MESSAGE_INVALID when one cannot be put together. */
export async function withParts(client: Pick<OperatorClient, 'request'>, step: OperatorStep): Promise<OperatorStep> {
  const { parts, ...rest } = step;
  const whole: Record<string, unknown> = rest;
  for (const reference of parts as readonly Reference[]) {
    put(whole, reference.at, readReturnValue(await fetchParts(client, reference)));
  }
  return whole as OperatorStep;
}

/** Some at a time, so that never more waits for this client than it may keep waiting. */
async function fetchParts(client: Pick<OperatorClient, 'request'>, reference: Reference): Promise<Uint8Array> {
  const { jid, id, count, bytes, sha256 } = reference;
  const pieces: Buffer[] = [];
  while (pieces.length < count) {
    const from = pieces.length;
    for await (const { n, data } of client.request({ op: 'parts', jid, id, from })) {
      if (n === pieces.length) pieces.push(Buffer.from(String(data), 'base64'));
    }
    if (pieces.length === from) break;
  }
  const whole = Buffer.concat(pieces);
  if (whole.length === bytes && createHash('sha256').update(whole).digest('hex') === sha256) return whole;
  throw new FleetError(
    'MESSAGE_INVALID',
    `the return of ${id} cannot be put together: ${whole.length} of ${bytes} bytes`,
    {
      hint: `its job may have been removed meanwhile: salt-run jobs.list_job ${jid}`,
    },
  );
}

function put(step: Record<string, unknown>, at: readonly string[], value: unknown): void {
  let place = step;
  for (const name of at.slice(0, -1)) place = place[name] as Record<string, unknown>;
  place[at.at(-1) as string] = value;
}
