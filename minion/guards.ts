import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import { globMatcher } from '../shared/target/glob.ts';
import type { Grains, MinionFunction } from './context.ts';

/** What a minion refuses by itself, whatever the master permits (ACL-7). */

/** Beside the configuration: whoever works at the machine writes a line into it and removes it afterwards. */
const HOLD_FILE = 'hold';
/** Characters of the file that the operator is shown. */
const HOLD_TEXT_MAX = 200;

/** What takes a changed pillar or grain over, and with it the end of a blackout. */
const ENDS_A_BLACKOUT: ReadonlySet<string> = new Set(['saltutil.refresh_pillar', 'saltutil.refresh_grains']);

/** Why a module is not to be used on this minion, or undefined. */
export function refusedModule(name: string, config: Readonly<Record<string, unknown>>): string | undefined {
  if (textsOf(config.disable_modules).includes(name)) return 'disable_modules of this minion names it';
  const allowed = textsOf(config.whitelist_modules);
  if (allowed.length > 0 && !allowed.includes(name)) return 'whitelist_modules of this minion does not name it';
  return undefined;
}

/**
 * The text of the hold file, as one line behind `held`; undefined when there is no such file. A file that cannot be read
 * holds the minion too: somebody wanted that.
 */
export function readHold(configDir: string): string | undefined {
  const file = join(configDir, HOLD_FILE);
  try {
    // At once: each job asks, there hardly ever is one, and a thread that looks takes five times as long as the look.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    const text = readFileSync(file, 'utf8').replace(/\s+/g, ' ').trim();
    return text === '' ? `held by ${file}` : `held: ${text.slice(0, HOLD_TEXT_MAX)}`;
  } catch (error) {
    const code = systemErrorCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `held by ${file} (${code})`;
  }
}

/** Throws NOT_PERMITTED during a blackout, for a function that changes something and that no whitelist names (JOB-15). */
export function checkBlackout(
  config: object,
  grains: Pick<Grains, 'all'>,
): (job: { readonly fun: string }, spec: Pick<MinionFunction, 'reads'>) => void {
  return ({ fun }, { reads }) => {
    const sources = [config as Readonly<Record<string, unknown>>, grains.all()];
    if (!sources.some(({ minion_blackout }) => minion_blackout === true)) return;
    if (reads === true || ENDS_A_BLACKOUT.has(fun)) return;
    const allowed = sources.flatMap(({ minion_blackout_whitelist: globs }) => textsOf(globs));
    if (allowed.some((glob) => globMatcher(glob)(fun))) return;
    throw new FleetError('NOT_PERMITTED', `Minion in blackout mode: ${fun} is not allowed`, {
      hint: 'set minion_blackout to False in its configuration or grains, or name the function in minion_blackout_whitelist',
    });
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
