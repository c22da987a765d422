import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { plural } from '../../plural.ts';
import { defineCheck, type Finding, fail, ok, skip } from '../check.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';
import { ownerName } from '../owner_name.ts';

const OTHERS = 0o077;
/** A group may share the configuration: many machines give each user a group of his own. */
const MAY_WRITE = { keys: 0o022, secret: 0o022, config: 0o002 } as const;

/** What `salt-run key.rotate` leaves there: keys that minions still take, for all to read. */
const PUBLIC_KEYS = 'signing_retired.json';

export interface PermissionFacts {
  readonly pkiDir: string;
  readonly paths: readonly PathFacts[];
  /** Whom the daemon runs as, when it runs. */
  readonly daemonUser?: string;
}

export interface PathFacts {
  readonly path: string;
  /**
   * `secret`: private keys, passwords, tokens; `keys`: a directory of keys; `config`: what says how the daemon runs.
   */
  readonly kind: 'secret' | 'keys' | 'config';
  readonly mode: number;
  readonly owner: string;
}

export default defineCheck<PermissionFacts>({
  summary: "Whether private keys are the daemon's alone, and nobody else may add keys or change the configuration.",
  stage: 'identity',
  gather: { master: gather, minion: gather },
  judge({ pkiDir, paths, daemonUser }) {
    if (!paths.some(({ kind }) => kind === 'keys'))
      return [skip(`there is no ${pkiDir} yet: the first start makes it`)];
    const found = paths.flatMap((path) => judge(path, daemonUser));
    const secrets = paths.filter(({ kind }) => kind === 'secret').length;
    return found.length > 0 ? found : [ok(`${pkiDir} is closed to others, with ${plural(secrets, 'secret file')}`)];
  },
});

async function gather(machine: MasterMachine | MinionMachine): Promise<PermissionFacts> {
  const { config, role, daemon } = machine;
  const names = await ifThere(readdir(config.pki_dir));
  const paths = await Promise.all([
    ...(names === undefined ? [] : [factsOf(config.pki_dir, 'keys')]),
    ...(names ?? []).flatMap((name) => {
      const path = join(config.pki_dir, name);
      if (/^minions/.test(name)) return [factsOf(path, 'keys')];
      return /\.(pem|json)$/.test(name) && name !== PUBLIC_KEYS ? [factsOf(path, 'secret')] : [];
    }),
    factsOf(join(config.config_dir, role), 'config'),
  ]);
  const { state, owner } = await daemon();
  return {
    pkiDir: config.pki_dir,
    paths: paths.filter((path) => path !== undefined),
    ...((state === 'answers' || state === 'quiet') && owner !== undefined && { daemonUser: owner }),
  };
}

async function factsOf(path: string, kind: PathFacts['kind']): Promise<PathFacts | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && { path, kind, mode: stats.mode & 0o777, owner: await ownerName(stats.uid) };
}

function judge({ path, kind, mode, owner }: PathFacts, daemonUser: string | undefined): Finding[] {
  const octal = `0${mode.toString(8)}`;
  if (kind === 'secret' && (mode & OTHERS) !== 0) {
    return [
      fail(
        `${path} holds a secret and has mode ${octal}: others may read it, so the daemon will not start with it`,
        `chmod 600 ${shellWord(path)}`,
      ),
    ];
  }
  if ((mode & MAY_WRITE[kind]) !== 0) {
    const harm = kind === 'config' ? 'change the configuration' : 'put keys of their own there';
    return [
      fail(
        `${path} has mode ${octal}: others may ${harm}`,
        `chmod ${kind === 'config' ? 'o-w' : 'go-w'} ${shellWord(path)}`,
      ),
    ];
  }
  if (kind !== 'config' && daemonUser !== undefined && owner !== daemonUser) {
    if (daemonUser === 'root') return [];
    return [
      fail(
        `${path} is ${owner}'s, and the daemon runs as ${daemonUser}`,
        `chown ${shellWord(daemonUser)} ${shellWord(path)}`,
      ),
    ];
  }
  return [];
}
