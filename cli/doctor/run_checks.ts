import { FleetError, systemErrorCode, toReport } from '../../shared/errors.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import { type AnyCheck, type Finding, fail, skip, stages, warn } from './check.ts';
import type { BareMachine } from './machine.ts';
import { openMaster, openMinion } from './open_machine.ts';
import type { Entry } from './report.ts';

export interface RunOptions {
  readonly checks: PluginFolder<AnyCheck>;
  /** Left out: all. */
  readonly names?: readonly string[];
  /** Without what may have to wait for the network. */
  readonly isQuick: boolean;
}

interface NamedCheck extends AnyCheck {
  readonly name: string;
}

/** Looks at one machine: all at once, for what waits is the network; told in the order of the stages. */
export async function runChecks(bare: BareMachine, options: RunOptions): Promise<Entry[]> {
  const { role } = bare;
  const chosen = await chooseChecks(options);
  const look = await lookerOf(bare);
  const found = await Promise.all(
    chosen.map(async (check) => {
      const looking = look(check);
      if (looking === undefined) return [];
      return (await attempt(looking, bare)).map((finding) => ({ role, check: check.name, ...finding }));
    }),
  );
  return found.flat();
}

async function chooseChecks({ checks, names = checks.names, isQuick }: RunOptions): Promise<NamedCheck[]> {
  const loaded = await Promise.all(names.map(async (name) => ({ name, check: await checks.load(name) })));
  return loaded
    .flatMap(({ name, check }) => (check === undefined || (isQuick && check.asksNetwork) ? [] : [{ ...check, name }]))
    .sort((a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage) || (a.name < b.name ? -1 : 1));
}

type Look = (check: AnyCheck) => (() => Promise<readonly Finding[]>) | undefined;

/**
 * How to look at the machine. Without a configuration that can be read, most cannot be looked at: one of them says why.
 */
async function lookerOf(bare: BareMachine): Promise<Look> {
  try {
    if (bare.role === 'master') {
      const machine = await openMaster(bare);
      return ({ look: { any, master } }) => (any && (() => any(bare))) ?? (master && (() => master(machine)));
    }
    const machine = await openMinion(bare);
    return ({ look: { any, minion } }) => (any && (() => any(bare))) ?? (minion && (() => minion(machine)));
  } catch (error) {
    if (!['CONFIG_INVALID', 'FILE_UNREADABLE'].includes(toReport(error).code)) throw error;
    return ({ look }) => {
      const { any } = look;
      if (any !== undefined) return () => any(bare);
      return look[bare.role] && (async () => [skip('needs a configuration that can be read')]);
    };
  }
}

/** What this user may not look at is told, and hides nothing else; so does a bug. */
async function attempt(look: () => Promise<readonly Finding[]>, bare: BareMachine): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (isForbidden(error)) return [warn('this user may not look at it', `sudo ${bare.command('salt', 'doctor')}`)];
    const { message, hint = '# report this line: it tells of a bug' } = toReport(error);
    return [fail(`could not be looked at: ${message}`, hint)];
  }
}

function isForbidden(error: unknown): boolean {
  if (toReport(error).code === 'NOT_PERMITTED') return true;
  const code = systemErrorCode(error instanceof FleetError ? error.cause : error);
  return code === 'EACCES' || code === 'EPERM';
}
