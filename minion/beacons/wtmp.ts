import { defineBeacon } from '../beacon.ts';
import type { LoginRecord } from '../lib/beacon/login_records.ts';
import { LoginConfig, loginData, loginDescription, watchLogins } from '../lib/beacon/watch_logins.ts';
import { fileRoot } from '../lib/file_root.ts';

const WTMP = '/var/log/wtmp';
const LOGIN = 7;
const LOGOUT = 8;

export default defineBeacon({
  summary: 'Tells logins and logouts.',
  description: loginDescription,
  config: LoginConfig,
  example: [
    { users: { gareth: { time_range: { start: '8am', end: '4pm' } } } },
    { groups: { users: null } },
    { defaults: { time_range: { start: '8am', end: '4pm' } } },
  ],
  data: { ...loginData, action: '`login` or `logout`, for those' },
  unavailable: ({ root }) => (fileRoot(root).exists(WTMP) ? undefined : `there is no ${WTMP}`),
  watch(context, config) {
    const users = new Map<string, string>();
    return watchLogins(context, WTMP, config, (record) => withAction(record, users));
  },
});

/** A logout does not say who it was: whoever logged in at the terminal. */
function withAction(record: LoginRecord, users: Map<string, string>) {
  const { type, line, user } = record;
  if (type === LOGIN) {
    users.set(line, user);
    return { ...record, action: 'login' };
  }
  if (type !== LOGOUT) return { ...record };
  const known = users.get(line) ?? user;
  users.delete(line);
  return { ...record, user: known, action: 'logout' };
}
