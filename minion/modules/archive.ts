import { open } from 'node:fs/promises';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { defineModule, type MinionContext } from '../context.ts';
import { extractZip } from '../lib/archive/extract_zip.ts';
import { expandSources, findZipSources, plainName } from '../lib/archive/find_sources.ts';
import {
  archiveFormats,
  guessFormat,
  listArchive,
  stripComponents,
  unknownFormat,
} from '../lib/archive/list_archive.ts';
import { writeZip } from '../lib/archive/write_zip.ts';
import { readZipDirectory } from '../lib/archive/zip_reader.ts';
import { commandFailed } from '../lib/exec.ts';
import { FilePath, fileFn } from '../lib/file/file_function.ts';
import { findExecutable } from '../lib/find_executable.ts';
import { runCommand, searchPath } from '../lib/run_command.ts';
import { linesOf } from '../lib/text_lines.ts';

const who = { template: v.optional(Text), runas: v.optional(Text) };
const placed = { template: v.optional(Text), cwd: v.optional(Text), runas: v.optional(Text) };
const options = v.optional(Text, '');
/** True: 100 lines. */
const Trim = v.optional(v.union([v.boolean(), Count], 'must be True, False or a number'), false);
const Excludes = v.optional(TextList);
/** Files of the master are not served yet: only paths of the minion are taken. */
const cached = {
  clean: v.optional(Flag, false),
  saltenv: v.optional(Text, 'base'),
  source_hash: v.optional(Text),
  use_etag: v.optional(Flag, false),
};
const lines = 'the lines that the program wrote.';

export default defineModule({
  summary: 'Pack and unpack archives.',
  functions: {
    list: fileFn({
      summary: 'List what an archive holds.',
      args: {
        name: FilePath,
        archive_format: v.optional(v.picklist(archiveFormats, 'must be tar, zip or rar')),
        options,
        strip_components: v.optional(Count, 0),
        clean: cached.clean,
        verbose: v.optional(Flag, false),
        saltenv: cached.saltenv,
        source_hash: cached.source_hash,
        use_etag: cached.use_etag,
      },
      returns:
        'names, those of folders with a slash at the end; with verbose=True ``dirs``, ``files`` and ``links`` apart.',
      examples: [
        "salt '*' archive.list /path/to/myfile.tar.gz",
        "salt '*' archive.list /tmp/foo.zip strip_components=1",
      ],
      reads: true,
      async run(context, { name, archive_format: format = guessFormat(name), options: opts, ...args }) {
        requireLocal(name);
        if (format === undefined) throw unknownFormat();
        const content = await listArchive(context, name, format, opts);
        const strip = (names: readonly string[]): string[] => stripComponents(names, args.strip_components).toSorted();
        const [dirs, files, links] = [strip(content.dirs), strip(content.files), strip(content.links)];
        if (!args.verbose) return [...dirs, ...files, ...links].toSorted();
        return {
          ...{ dirs, files, links },
          top_level_dirs: dirs.filter((path) => path.indexOf('/') === path.length - 1),
          top_level_files: files.filter((path) => !path.includes('/')),
          top_level_links: links.filter((path) => !path.includes('/')),
        };
      },
    }),
    tar: fileFn({
      summary: 'Pack or unpack by tar.',
      args: {
        options: v.pipe(Text, v.regex(/\S/, 'must not be empty')),
        tarfile: FilePath,
        sources: v.optional(TextList, []),
        dest: v.optional(Text),
        ...{ cwd: placed.cwd, template: placed.template, runas: placed.runas },
      },
      description:
        'The name of the tar file follows the options, the last of which is therefore f. Sources may be globs.',
      returns: lines,
      examples: [
        "salt '*' archive.tar cjvf /tmp/tarfile.tar.bz2 /tmp/file_1,/tmp/file_2",
        "salt '*' archive.tar xf foo.tar dest=/target/directory",
      ],
      async run(context, { options: words, tarfile, sources, dest, cwd, ...rest }) {
        const [first = '', ...more] = splitCommand(words);
        return programLines(
          context,
          [
            'tar',
            ...(dest === undefined ? [] : ['-C', dest]),
            first.startsWith('-') ? first : `-${first}`,
            ...more,
            plainName(tarfile),
            ...(await expandSources(sources, cwd)),
          ],
          { cwd, ...rest },
        );
      },
    }),
    gzip: fileFn({
      summary: 'Compress a file by gzip, which puts the compressed one in its place.',
      args: { sourcefile: FilePath, ...who, options },
      returns: lines,
      examples: [
        "salt '*' archive.gzip /tmp/sourcefile.txt",
        "salt '*' archive.gzip /tmp/sourcefile.txt options='-9 -k'",
      ],
      run: (context, { sourcefile, options: words, ...rest }) =>
        programLines(context, ['gzip', ...splitCommand(words), '--', sourcefile], rest),
    }),
    gunzip: fileFn({
      summary: 'Decompress a file by gunzip, which puts the plain one in its place.',
      args: { gzipfile: FilePath, ...who, options },
      returns: lines,
      examples: ["salt '*' archive.gunzip /tmp/sourcefile.txt.gz"],
      run: (context, { gzipfile, options: words, ...rest }) =>
        programLines(context, ['gunzip', ...splitCommand(words), '--', gzipfile], rest),
    }),
    cmd_zip: fileFn({
      summary: 'Pack files by the program zip, which adds to a zip file that is there.',
      args: { zip_file: FilePath, sources: TextList, ...placed },
      returns: lines,
      examples: ["salt '*' archive.cmd_zip /tmp/zipfile.zip /tmp/sourcefile1,/tmp/sourcefile2"],
      run: async (context, { zip_file, sources, ...rest }) =>
        programLines(context, ['zip', '-r', plainName(zip_file), ...(await expandSources(sources, rest.cwd))], rest),
    }),
    zip: fileFn({
      summary: 'Pack files into a zip file without any program.',
      args: { zip_file: FilePath, sources: TextList, ...placed, zip64: v.optional(Flag, false) },
      description:
        'Names are relative to cwd, or to the root. A zip file that is there is replaced. The form of 64 bits is not written.',
      returns: 'the names of what was packed.',
      examples: ["salt '*' archive.zip /tmp/zipfile.zip /tmp/sourcefile1,/tmp/sourcefile2"],
      async run({ signal }, { zip_file, sources, cwd, ...rest }) {
        requireOwnUser(rest, 'archive.cmd_zip');
        const found = await findZipSources(sources, cwd);
        await writeZip(zip_file, found, signal);
        return found.map(({ name }) => name);
      },
    }),
    cmd_unzip: fileFn({
      summary: 'Unpack a zip file by the program unzip.',
      args: {
        ...{ zip_file: FilePath, dest: FilePath, excludes: Excludes, options },
        ...{ ...who, trim_output: Trim, password: v.optional(Text) },
      },
      returns: lines,
      examples: ["salt '*' archive.cmd_unzip /tmp/zipfile.zip /home/strongbad/ excludes=file_1,file_2"],
      async run(context, { zip_file, dest, excludes = [], options: words, trim_output, password, ...rest }) {
        const result = await runCommand(
          context,
          [
            'unzip',
            ...(password === undefined ? [] : ['-P', password]),
            ...splitCommand(words),
            ...[plainName(zip_file), '-d', dest],
            ...(excludes.length === 0 ? [] : ['-x', ...excludes]),
          ],
          { ...rest, redirect_stderr: true, output_loglevel: 'quiet' },
        );
        if (result.retcode !== 0) throw commandFailed(result.stdout);
        return trimmed(linesOf(result.stdout), trim_output);
      },
    }),
    unzip: fileFn({
      summary: 'Unpack a zip file without any program.',
      args: {
        ...{ zip_file: FilePath, dest: FilePath, excludes: Excludes, options },
        ...{ ...who, trim_output: Trim, password: v.optional(Text), extract_perms: v.optional(Flag, true) },
      },
      description: 'An archive with a name that leads out of dest is refused.',
      returns: 'the names of what was unpacked.',
      examples: ["salt '*' archive.unzip /tmp/zipfile.zip /home/strongbad/ excludes=file_1,file_2"],
      async run({ signal }, { zip_file, dest, excludes = [], trim_output, password, extract_perms, ...rest }) {
        requireOwnUser(rest, 'archive.cmd_unzip');
        if (rest.options !== '')
          throw new FleetError('ARGS_INVALID', 'options: unzip takes none', { hint: 'archive.cmd_unzip does' });
        return trimmed(
          await extractZip(zip_file, dest, { excludes, password, keepsModes: extract_perms, signal }),
          trim_output,
        );
      },
    }),
    is_encrypted: fileFn({
      summary: 'Return whether a zip file takes a password to unpack.',
      args: { name: FilePath, ...cached },
      examples: ["salt '*' archive.is_encrypted /path/to/myfile.zip"],
      reads: true,
      async run(_context, { name }) {
        requireLocal(name);
        const file = await open(name);
        try {
          return (await readZipDirectory(file, name)).some(({ isEncrypted }) => isEncrypted);
        } finally {
          await file.close();
        }
      },
    }),
    rar: fileFn({
      summary: 'Pack files by the program rar.',
      args: { rarfile: FilePath, sources: TextList, ...placed },
      returns: lines,
      examples: ["salt '*' archive.rar /tmp/rarfile.rar /tmp/sourcefile1,/tmp/sourcefile2"],
      run: async (context, { rarfile, sources, ...rest }) =>
        programLines(context, ['rar', 'a', '-idp', '--', rarfile, ...(await expandSources(sources, rest.cwd))], rest),
    }),
    unrar: fileFn({
      summary: 'Unpack a rar file by the program unrar, or by rar.',
      args: { rarfile: FilePath, dest: FilePath, excludes: Excludes, ...who, trim_output: Trim },
      returns: lines,
      examples: ["salt '*' archive.unrar /tmp/rarfile.rar /home/strongbad/ excludes=file_1,file_2"],
      async run(context, { rarfile, dest, excludes = [], trim_output, ...rest }) {
        const program = (await findExecutable('unrar', searchPath(context))) === undefined ? 'rar' : 'unrar';
        const words = excludes.map((exclude) => `-x${exclude}`);
        const argv = [program, 'x', '-idp', ...words, '--', rarfile, dest.endsWith('/') ? dest : `${dest}/`];
        return trimmed(await programLines(context, argv, rest), trim_output);
      },
    }),
  },
});

interface Surroundings {
  readonly template?: string | undefined;
  readonly cwd?: string | undefined;
  readonly runas?: string | undefined;
}

async function programLines(context: MinionContext, argv: readonly string[], options: Surroundings): Promise<string[]> {
  return linesOf((await runCommand(context, argv, { ...options, redirect_stderr: true })).stdout);
}

function trimmed(list: readonly string[], trim: boolean | number): readonly string[] {
  if (trim === false) return list;
  const count = trim === true ? 100 : trim;
  if (list.length <= count) return list;
  return [...list.slice(0, count), `List trimmed after ${count} files.`];
}

function requireLocal(path: string): void {
  if (path.startsWith('/')) return;
  throw commandFailed(
    `cannot fetch ${path}: the file server is not available`,
    'name a file of the minion by its absolute path',
  );
}

/** The minion itself reads and writes here, as the user it runs as. */
function requireOwnUser({ runas, template }: Surroundings, other: string): void {
  if (runas === undefined && template === undefined) return;
  const which = runas === undefined ? 'template' : 'runas';
  throw new FleetError('ARGS_INVALID', `${which}: no program is run here`, { hint: `${other} takes it` });
}
