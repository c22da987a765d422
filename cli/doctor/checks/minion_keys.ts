import { keyDirectory, readKeyIds } from '../../../master/keys/key_files.ts';
import { type KeyIds, type KeyState, keyStates } from '../../../master/keys/key_table.ts';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { plural } from '../../plural.ts';
import { defineCheck, type Finding, ok, warn } from '../check.ts';
import type { MasterMachine } from '../machine.ts';

/** So many are told one by one. */
const TOLD_MAX = 5;

export interface MinionKeyFacts {
  readonly ids: KeyIds;
  readonly command: MasterMachine['command'];
}

export default defineCheck<MinionKeyFacts>({
  summary: 'Which minions wait to be accepted, or were turned down.',
  stage: 'traffic',
  gather: { master: gather },
  judge({ ids: { accepted, unaccepted, denied, rejected }, command }) {
    const waiting = told(unaccepted, command('salt-key', '-l', 'un'), (id) =>
      warn(`${id} waits for its key to be accepted`, command('salt-key', '-a', id)),
    );
    const strangers = told(denied, command('salt-key', '-l', 'den'), (id) =>
      warn(
        `${id} was offered with another key than the known one: it was installed anew, or is somebody else`,
        `${command('salt-key', '-d', id)}  # if it is the right one; when it asks again: ${command('salt-key', '-a', id)}`,
      ),
    );
    const names = rejected.slice(0, TOLD_MAX).join(', ');
    const turnedDown = rejected.length === 0 ? '' : `, ${rejected.length} rejected (${names})`;
    return [ok(`${plural(accepted.length, 'accepted key')}${turnedDown}`), ...waiting, ...strangers];
  },
});

async function gather({ config, command }: MasterMachine): Promise<MinionKeyFacts> {
  const found = await Promise.all(keyStates.map(async (state) => [state, await idsIn(config.pki_dir, state)] as const));
  return { ids: Object.fromEntries(found) as Record<KeyState, string[]>, command };
}

/** Before the first start there is no directory. */
async function idsIn(pkiDir: string, state: KeyState): Promise<string[]> {
  try {
    return (await readKeyIds(pkiDir, state)).sort();
  } catch (error) {
    const code = systemErrorCode(error instanceof FleetError ? error.cause : error);
    if (code === 'ENOENT') return [];
    if (code !== 'EACCES') throw error;
    throw new FleetError('NOT_PERMITTED', `${keyDirectory(pkiDir, state)}: permission denied`, { cause: error });
  }
}

function told(ids: readonly string[], list: string, tell: (id: string) => Finding): Finding[] {
  const more = ids.length - TOLD_MAX;
  return [...ids.slice(0, TOLD_MAX).map(tell), ...(more > 0 ? [warn(`and ${more} more`, list)] : [])];
}
