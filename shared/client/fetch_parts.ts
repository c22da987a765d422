import { createHash } from 'node:crypto';
import { FleetError } from '../errors.ts';
import { readReturnValue } from '../protocol/json_scan.ts';
import type { OperatorClient, OperatorStep } from './operator_client.ts';

/** Pieces that one request asks for, of 240 KiB, and requests under way: together less than `max_backlog_bytes`. */
const PIECES = 4;
const REQUESTS = 2;

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

/** While some pieces are on their way the next are asked for already: the way there and back takes longer than they do. */
async function fetchParts(client: Pick<OperatorClient, 'request'>, reference: Reference): Promise<Uint8Array> {
  const { jid, id, count, bytes, sha256 } = reference;
  const pieces: Buffer[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += PIECES;
      for await (const { n, data } of client.request({ op: 'parts', jid, id, from, count: PIECES })) {
        pieces[Number(n)] = Buffer.from(String(data), 'base64');
      }
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, work));
  const whole = Buffer.concat(pieces.filter((piece) => piece !== undefined));
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
