import { join } from 'node:path';
import * as v from 'valibot';
import type { BeaconContext, BeaconEvent } from '../../beacon.ts';
import { findGroup, readAccounts } from '../accounts.ts';
import { createFileTail } from './file_tail.ts';
import { type LoginRecord, parseLoginRecord, recordBytes } from './login_records.ts';

const TIME = /^\s*(\d{1,2})(?::(\d{2}))?\s*([ap]m)?\s*$/i;
const WORDS = 'must be a time of the day such as 8am, 4:30pm or 16:30';

/** As minutes of the day. */
const DayTime = v.pipe(
  v.union([v.string(), v.number()], WORDS),
  v.transform(minutesOf),
  v.check((minutes) => minutes >= 0, WORDS),
);
const TimeRange = v.strictObject({ start: DayTime, end: DayTime });
const Rule = v.nullish(v.strictObject({ time_range: v.optional(TimeRange) }));

/** Configuration of `btmp` and `wtmp`: nothing tells all; users, groups and times of the day narrow it. */
export const LoginConfig = v.strictObject({
  users: v.optional(v.record(v.string(), Rule)),
  groups: v.optional(v.record(v.string(), Rule)),
  defaults: v.optional(v.strictObject({ time_range: v.optional(TimeRange) })),
});
export type LoginConfig = v.InferOutput<typeof LoginConfig>;

export const loginData = {
  type: 'kind of record, as in utmp(5): 7 login, 8 logout',
  PID: 'process id of the login',
  line: 'the terminal',
  inittab: 'its short name',
  user: 'the user',
  hostname: 'where from',
  exit_status: 'how the process ended',
  session: 'id of the session',
  time: 'seconds since 1970',
  addr: 'address of the host, empty for a local login',
} as const;

export const loginDescription =
  'Without users and groups every record is told. A ``time_range`` of a user, a group or the defaults tells only what\n' +
  'comes at that time of the day, local time; it may go over midnight. In Salt ``time`` and ``addr`` hold other fields of\n' +
  'the record by mistake.';

/** The records that are appended to a file of the C library, as events. */
export async function* watchLogins(
  { root, ticks, clock, grains }: BeaconContext,
  path: string,
  config: LoginConfig,
  complete: (record: LoginRecord) => Readonly<Record<string, unknown>> & { readonly user: string },
): AsyncGenerator<BeaconEvent> {
  const tail = createFileTail(join(root, path));
  const size = recordBytes(grains.all().cpuarch);
  let pending: Buffer = Buffer.alloc(0);
  try {
    for await (const _ of ticks()) {
      const members = await readMembers(root, config.groups ?? {});
      for await (const { bytes, isFresh } of tail.read()) {
        pending = isFresh ? bytes : Buffer.concat([pending, bytes]);
        for (; pending.length >= size; pending = pending.subarray(size)) {
          const data = complete(parseLoginRecord(pending.subarray(0, size)));
          if (isWanted(data.user, config, members, localMinutes(clock.nowMs()))) yield { data };
        }
      }
    }
  } finally {
    await tail.close();
  }
}

function isWanted(
  user: string,
  { users, groups, defaults }: LoginConfig,
  members: ReadonlyMap<string, ReadonlySet<string>>,
  now: number,
): boolean {
  const isIn = (rule: v.InferOutput<typeof Rule>): boolean => {
    const range = rule?.time_range ?? defaults?.time_range;
    if (range === undefined) return true;
    // A range that ends before it starts goes over midnight.
    const { start, end } = range;
    return start <= end ? start <= now && now <= end : now >= start || now <= end;
  };
  if (users === undefined && groups === undefined) return isIn(undefined);
  if (users !== undefined && Object.hasOwn(users, user)) return isIn(users[user]);
  return Object.entries(groups ?? {}).some(([name, rule]) => members.get(name)?.has(user) === true && isIn(rule));
}

async function readMembers(root: string, groups: Readonly<Record<string, unknown>>) {
  const members = new Map<string, ReadonlySet<string>>();
  if (Object.keys(groups).length === 0) return members;
  const accounts = await readAccounts(root);
  for (const name of Object.keys(groups)) {
    const group = findGroup(accounts, name);
    const primary = accounts.users.filter(({ gid }) => gid === group?.gid).map((user) => user.name);
    members.set(name, new Set([...(group?.members ?? []), ...primary]));
  }
  return members;
}

/** -1 for what is no time. */
function minutesOf(value: string | number): number {
  const [, hour = '', minute = '0', half] = TIME.exec(String(value)) ?? [];
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  const isTime = hour !== '' && hours < 24 && Number(minute) < 60 && (half === undefined || Number(hour) <= 12);
  return isTime ? hours * 60 + Number(minute) : -1;
}

function localMinutes(nowMs: number): number {
  const date = new Date(nowMs);
  return date.getHours() * 60 + date.getMinutes();
}
