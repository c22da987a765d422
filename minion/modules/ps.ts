import { Text } from '../../shared/plugin/args.ts';
import { compileRegex } from '../../shared/target/regex.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { fileRoot } from '../lib/file_root.ts';
import { processFunctions } from '../lib/process/process_functions.ts';
import { usageFunctions } from '../lib/process/usage_functions.ts';

export default defineModule({
  summary: 'See and signal processes, and see what they use: processors, memory, disks, network.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/proc/stat') ? undefined : 'there is no /proc on this system',
  functions: {
    ...processFunctions,
    ...usageFunctions,
    lsof: fn({
      summary: 'Return what lsof tells of the files of a program.',
      args: { name: Text },
      returns: 'a list of the name and the output.',
      examples: ["salt '*' ps.lsof apache2"],
      reads: true,
      run: async (context, { name }) => [name, (await lines(context, ['lsof', '-c', name])).join('\n')],
    }),
    netstat: fn({
      summary: 'Return the lines of netstat that have a text in them.',
      args: { name: Text },
      returns: 'a list of the name and the lines.',
      examples: ["salt '*' ps.netstat apache2"],
      reads: true,
      run: async (context, { name }) => [
        name,
        (await lines(context, ['netstat', '-nap'])).filter((line) => line.includes(name)),
      ],
    }),
    ss: fn({
      summary: 'Return the lines of ss that have a text in them.',
      args: { name: Text },
      returns: 'a list of the name and the lines.',
      examples: ["salt '*' ps.ss apache2"],
      reads: true,
      run: async (context, { name }) => [
        name,
        (await lines(context, ['ss', '-neap'])).filter((line) => line.includes(name)),
      ],
    }),
    psaux: fn({
      summary: 'Return the lines of `ps aux` that a regular expression matches.',
      args: { name: Text },
      returns: 'a list of the name, the lines and how many they are.',
      examples: ["salt '*' ps.psaux www-data.+apache2"],
      reads: true,
      async run(context, { name }) {
        const regex = compileRegex(name, { code: 'ARGS_INVALID' });
        const all = await lines(context, ['ps', 'aux']);
        const found = all.filter((line) => regex.test(line) && !/salt.+ps\.psaux.+/.test(line));
        return [name, found, `${found.length} occurrence(s).`];
      },
    }),
  },
});

async function lines({ exec }: MinionContext, argv: readonly [string, ...string[]]): Promise<string[]> {
  return (await exec(argv, { env: { LC_ALL: 'C' } })).stdout.trimEnd().split('\n');
}
