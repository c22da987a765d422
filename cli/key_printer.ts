import key from './outputs/key.ts';
import { stripControl } from './strip_control.ts';

/** What `salt-key` prints, word for word as Salt does. Every text comes without its last newline. */

export type KeyStatus = 'accepted' | 'denied' | 'unaccepted' | 'rejected';
export type KeyAction = 'accept' | 'reject' | 'delete';

/** Minion ids, or their fingerprints or public keys, by status. */
export type KeyLists = Readonly<
  Partial<Record<KeyStatus | 'local', readonly string[] | Readonly<Record<string, string>>>>
>;

/** Salt's folder names, by which the key outputter knows the statuses. */
const folders: Readonly<Record<KeyStatus | 'local', string>> = {
  local: 'local',
  accepted: 'minions',
  denied: 'minions_denied',
  unaccepted: 'minions_pre',
  rejected: 'minions_rejected',
};

const pastTense: Readonly<Record<KeyAction, string>> = { accept: 'accepted', reject: 'rejected', delete: 'deleted' };

/** Headings with ids, fingerprints or public keys below; a status that is not in the lists has no heading. */
export function keyListText(lists: KeyLists, colour: boolean): string {
  return key.format(saltLists(lists), { colour });
}

/** The lists under Salt's own names, as `--out=json` prints them. */
export function saltLists(lists: KeyLists): Readonly<Record<string, unknown>> {
  const entries = Object.entries(lists) as [KeyStatus | 'local', unknown][];
  return Object.fromEntries(entries.map(([status, keys]) => [folders[status], keys]));
}

/** What is about to happen, to which keys. */
export function confirmText(action: KeyAction, lists: KeyLists, colour: boolean): string {
  return `The following keys are going to be ${pastTense[action]}:\n${keyListText(lists, colour)}`;
}

/** The question, and what an empty answer means: no for a deletion, else yes. */
export function confirmQuestion(action: KeyAction): { readonly question: string; readonly byDefault: boolean } {
  const isDelete = action === 'delete';
  return { question: `Proceed? ${isDelete ? '[N/y]' : '[n/Y]'} `, byDefault: !isDelete };
}

/** One line a key that was acted on. */
export function keyResultText(action: KeyAction, ids: readonly string[]): string {
  return ids.map((id) => `Key for minion ${stripControl(id)} ${pastTense[action]}.`).join('\n');
}

/** `statuses` are those that were looked through: unaccepted, and what the `--include` flags add. */
export function noMatchText(glob: string, statuses: readonly KeyStatus[]): string {
  const last = statuses.at(-1) ?? '';
  const list = statuses.length > 1 ? `${statuses.slice(0, -1).join(', ')} or ${last}` : last;
  return `The key glob '${glob}' does not match any ${list} keys.`;
}
