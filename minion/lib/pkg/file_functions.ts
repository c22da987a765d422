import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Text } from '../../../shared/plugin/args.ts';
import { fn } from '../../context.ts';
import { requirePart, requirePkgProvider } from './find_provider.ts';
import { packageFiles } from './package_files.ts';
import { namesOf, oneOrAll } from './pkg_arguments.ts';

/** Which files belong to which packages. */
export const fileFunctions = {
  file_list: fn({
    summary: 'Return the files of packages, of all packages when none is named.',
    args: {},
    varargs: true,
    examples: ["salt '*' pkg.file_list bash"],
    reads: true,
    async run(context, _args, { args }) {
      const { errors, packages } = await packageFiles(context, requirePkgProvider(context), namesOf(args));
      return { errors, files: [...new Set(Object.values(packages).flat())].sort() };
    },
  }),
  file_dict: fn({
    summary: 'Return the files of packages by package, of all packages when none is named.',
    args: {},
    varargs: true,
    examples: ["salt '*' pkg.file_dict bash dash"],
    reads: true,
    run: (context, _args, { args }) => packageFiles(context, requirePkgProvider(context), namesOf(args)),
  }),
  owner: fn({
    summary: 'Return the packages that own files, empty for those that no package owns.',
    args: {},
    varargs: true,
    returns: 'a text for one path, a mapping for several.',
    examples: ["salt '*' pkg.owner /bin/bash", "salt '*' pkg.owner /bin/bash /bin/dash"],
    reads: true,
    async run(context, _args, { args }) {
      const provider = requirePkgProvider(context);
      const owners: Record<string, string> = {};
      for (const path of args.map((item) => v.parse(Text, item))) {
        if (path.startsWith('-')) throw new FleetError('ARGS_INVALID', `'${path}' is not a path`);
        owners[path] = await provider.findOwner(context, path);
      }
      return oneOrAll(owners);
    },
  }),
  list_downloaded: fn({
    summary: 'Return the package files that were fetched and kept.',
    args: { root: v.optional(AbsolutePath, '/') },
    returns: 'name to version to path, size and creation_date_time of the file.',
    examples: ["salt '*' pkg.list_downloaded"],
    reads: true,
    run: (context, { root }) => requirePart(context, 'listDownloaded')(context, root),
  }),
};
