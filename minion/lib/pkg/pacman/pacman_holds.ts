import { join } from 'node:path';
import { globMatcher } from '../../../../shared/target/glob.ts';
import type { MinionContext } from '../../../context.ts';
import { writeFileAtomically } from '../../atomic_file.ts';
import { commandFailed } from '../../exec.ts';
import { fileRoot, words } from '../../file_root.ts';
import type { PkgHolds } from '../provider.ts';

const FILE = '/etc/pacman.conf';
const LINE = /^\s*IgnorePkg\s*=\s*(.*)$/;

/** Packages that pacman does not upgrade are words of `IgnorePkg`, which may be globs. */
export function pacmanHolds(listNames: (context: MinionContext) => Promise<readonly string[]>): PkgHolds {
  return {
    freeState: '',
    async readStates(context) {
      const patterns = readIgnored(context).map((pattern) => globMatcher(pattern));
      const names = await listNames(context);
      return new Map(names.map((name) => [name, patterns.some((matches) => matches(name)) ? 'hold' : '']));
    },
    listHeld: async (context) => readIgnored(context).map((name) => ({ name, full: name })),
    async setHold(context, name, hold) {
      const text = fileRoot(context.root).readText(FILE);
      if (text === undefined) throw commandFailed(`cannot read ${FILE}`);
      if (!hold && !readIgnored(context).includes(name)) {
        throw commandFailed(
          `cannot unhold ${name}: a pattern of IgnorePkg in ${FILE} matches it`,
          'change the pattern',
        );
      }
      await writeFileAtomically(join(context.root, FILE), hold ? withIgnored(text, name) : withoutIgnored(text, name));
    },
  };
}

function readIgnored({ root }: MinionContext): string[] {
  const lines = (fileRoot(root).readText(FILE) ?? '').split('\n');
  return lines.flatMap((line) => words(LINE.exec(line)?.[1] ?? ''));
}

function withIgnored(text: string, name: string): string {
  const lines = text.split('\n');
  const place = lines.findIndex((line) => LINE.test(line));
  if (place >= 0) return lines.with(place, `${lines[place]?.trimEnd()} ${name}`).join('\n');
  const options = lines.findIndex((line) => line.trim() === '[options]');
  if (options < 0) throw commandFailed(`there is no section [options] in ${FILE}`);
  return lines.toSpliced(options + 1, 0, `IgnorePkg = ${name}`).join('\n');
}

function withoutIgnored(text: string, name: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const found = LINE.exec(line);
    if (found === null) return [line];
    const all = words(found[1] ?? '');
    const left = all.filter((word) => word !== name);
    if (left.length === all.length) return [line];
    return left.length === 0 ? [] : [`IgnorePkg = ${left.join(' ')}`];
  });
  return lines.join('\n');
}
