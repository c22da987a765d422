/** What a function's definition says of secrets in its arguments. */
export interface ArgumentSecrets {
  /** Positions of arguments whose names are those of secrets. */
  readonly positions?: readonly number[];
  /** Its argument `key` is the name of something. */
  readonly plainKey?: true;
}

/**
 * Written by `npm run docs` from the definitions of all functions, so that the master and the broker know them without
 * loading any.
 */
export const secretArguments: Readonly<Record<string, ArgumentSecrets>> = {
  'archive.cmd_unzip': { positions: [7] },
  'archive.unzip': { positions: [7] },
  'cmd.run': { positions: [23] },
  'cmd.shell': { positions: [21] },
  'cmd.run_stdout': { positions: [21] },
  'cmd.run_stderr': { positions: [21] },
  'cmd.run_all': { positions: [22] },
  'cmd.retcode': { positions: [19] },
  'cmd.run_bg': { positions: [17] },
  'cmd.script': { positions: [20] },
  'cmd.script_retcode': { positions: [18] },
  'config.get': { plainKey: true },
  'data.update': { plainKey: true },
  'data.cas': { plainKey: true },
  'data.pop': { plainKey: true },
  'data.get': { plainKey: true },
  'data.has_key': { plainKey: true },
  'disk.blkid': { positions: [1] },
  'environ.setval': { plainKey: true },
  'environ.get': { plainKey: true },
  'environ.has_value': { plainKey: true },
  'git.config_get': { plainKey: true },
  'git.config_set': { plainKey: true },
  'git.config_unset': { plainKey: true },
  'grains.get': { plainKey: true },
  'grains.fetch': { plainKey: true },
  'grains.has_value': { plainKey: true },
  'grains.equals': { plainKey: true },
  'grains.setval': { plainKey: true },
  'grains.set': { plainKey: true },
  'grains.append': { plainKey: true },
  'grains.remove': { plainKey: true },
  'grains.delkey': { plainKey: true },
  'grains.delval': { plainKey: true },
  'hashutil.hmac_signature': { positions: [1] },
  'hashutil.hmac_compute': { positions: [1] },
  'hashutil.github_signature': { positions: [1] },
  'random.shadow_hash': { positions: [1] },
  'shadow.gen_password': { positions: [0] },
  'shadow.set_password': { positions: [1] },
  'ssh.check_key': { plainKey: true },
  'ssh.set_auth_key': { plainKey: true },
  'ssh.rm_auth_key': { plainKey: true },
  'ssh.check_known_host': { plainKey: true },
  'ssh.set_known_host': { plainKey: true },
  'ssh.host_keys': { positions: [1] },
  'ssh.key_is_encrypted': { plainKey: true },
};
