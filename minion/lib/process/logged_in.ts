import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';
import type { MinionContext } from '../../context.ts';
import { parseLoginRecord, recordBytes } from '../beacon/login_records.ts';

/** Type of the record of somebody who is logged in (utmp(5)). */
const USER_PROCESS = 7;

/** Who is logged in, as psutil tells it. Nobody where the system keeps no utmp. */
export async function loggedInUsers({ root, grains }: MinionContext): Promise<Record<string, unknown>[]> {
  const bytes = (await ifThere(readFile(join(root, 'run/utmp')))) ?? Buffer.alloc(0);
  const size = recordBytes(grains.all().cpuarch);
  const records = Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    parseLoginRecord(bytes.subarray(index * size, (index + 1) * size)),
  );
  return records
    .filter(({ type }) => type === USER_PROCESS)
    .map(({ user, line, hostname, time, PID }) => ({
      name: user,
      terminal: line === '' ? null : line,
      host: /^:0(\.0)?$/.test(hostname) ? 'localhost' : hostname,
      started: time,
      pid: PID,
    }));
}
