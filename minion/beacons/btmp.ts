import { defineBeacon } from '../beacon.ts';
import { LoginConfig, loginData, loginDescription, watchLogins } from '../lib/beacon/watch_logins.ts';
import { fileRoot } from '../lib/file_root.ts';

const BTMP = '/var/log/btmp';

export default defineBeacon({
  summary: 'Tells failed logins.',
  description: loginDescription,
  config: LoginConfig,
  example: [{ users: { gareth: null } }, { defaults: { time_range: { start: '8am', end: '4pm' } } }],
  data: loginData,
  unavailable: ({ root }) => (fileRoot(root).exists(BTMP) ? undefined : `there is no ${BTMP}`),
  watch: (context, config) => watchLogins(context, BTMP, config, (record) => ({ ...record })),
});
