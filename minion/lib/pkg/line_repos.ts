import { dirname, join } from 'node:path';
import { FleetError } from '../../../shared/errors.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';
import { fileRoot } from '../file_root.ts';

/** A repository that is a line of a file. */
export interface LineRepo {
  readonly file: string;
  readonly enabled: boolean;
}

/** How the lines of a package manager are read and written. */
export interface LineFormat<R extends LineRepo> {
  /** Paths of the files, those that are there. */
  files(root: string): readonly string[];
  /** Undefined for a line that is no repository. */
  parse(line: string, file: string): R | undefined;
  format(repo: R): string;
  /** What operators call it. */
  nameOf(repo: R): string;
}

export function readLineRepos<R extends LineRepo>(root: string, format: LineFormat<R>): R[] {
  return format.files(root).flatMap((file) => {
    const lines = (fileRoot(root).readText(file) ?? '').split('\n');
    return lines.flatMap((line) => format.parse(line, file) ?? []);
  });
}

/** Replaces the repository of that name in its place, or adds it to the end of its file. */
export async function writeLineRepo<R extends LineRepo>(root: string, format: LineFormat<R>, repo: R): Promise<void> {
  const line = format.format(repo);
  if (/[\n\r]/.test(line)) throw new FleetError('ARGS_INVALID', 'a repository is one line');
  const name = format.nameOf(repo);
  const isThere = readLineRepos(root, format).some(
    (other) => other.file === repo.file && format.nameOf(other) === name,
  );
  const text = fileRoot(root).readText(repo.file) ?? '';
  if (!isThere) return write(root, repo.file, `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${line}\n`);
  await write(root, repo.file, mapLines(text, repo.file, format, name, [line]));
}

/** Throws COMMAND_FAILED when there is none of that name. The files that it was in. */
export async function removeLineRepo<R extends LineRepo>(
  root: string,
  format: LineFormat<R>,
  name: string,
): Promise<string[]> {
  const hits = readLineRepos(root, format).filter((repo) => format.nameOf(repo) === name);
  const files = [...new Set(hits.map(({ file }) => file))];
  if (files.length === 0) throw commandFailed(`there is no repository '${name}'`);
  for (const file of files) {
    await write(root, file, mapLines(fileRoot(root).readText(file) ?? '', file, format, name, []));
  }
  return files;
}

function mapLines<R extends LineRepo>(
  text: string,
  file: string,
  format: LineFormat<R>,
  name: string,
  instead: readonly string[],
): string {
  const lines = text.split('\n').flatMap((line) => {
    const repo = format.parse(line, file);
    return repo !== undefined && format.nameOf(repo) === name ? instead : [line];
  });
  return lines.join('\n');
}

async function write(root: string, file: string, text: string): Promise<void> {
  const path = join(root, file);
  await makeWithParents(dirname(path));
  await writeFileAtomically(path, text);
}
