import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { AbsolutePath, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { commandFailed } from '../lib/exec.ts';
import { fileRoot } from '../lib/file_root.ts';
import { linesOf } from '../lib/text_lines.ts';

/** Dots part the names of folders, and a slash stands for a dot within one. */
const Name = v.pipe(Text, v.regex(/^[\w-]+([./][\w:@-]+)+$/, 'must be a name such as net.ipv4.ip_forward'));
const Setting = v.pipe(
  Text,
  v.check((text) => !text.includes('\n'), 'must be one line'),
);

export default defineModule({
  summary: 'See and change the parameters of the kernel.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/proc/sys') ? undefined : 'there is no /proc/sys on this system',
  functions: {
    default_config: fn({
      summary: 'Return the file in which parameters are kept.',
      args: {},
      examples: ["salt '*' sysctl.default_config"],
      reads: true,
      run: (context) => defaultConfig(context),
    }),
    show: fn({
      summary: 'Return the parameters that are in force, or those of a file.',
      args: { config_file: v.optional(v.union([v.literal(false), AbsolutePath]), false) },
      examples: ["salt '*' sysctl.show", "salt '*' sysctl.show /etc/sysctl.conf"],
      reads: true,
      async run(context, { config_file: file }) {
        if (file === false) return parseSettings((await context.exec(['sysctl', '-a'])).stdout);
        const text = fileRoot(context.root).readText(file);
        if (text === undefined) throw commandFailed(`cannot read ${file}`);
        return parseSettings(text);
      },
    }),
    get: fn({
      summary: 'Return a parameter, an empty text when there is none of that name.',
      args: { name: Name },
      examples: ["salt '*' sysctl.get net.ipv4.ip_forward"],
      reads: true,
      run: (context, { name }) => current(context, name) ?? '',
    }),
    assign: fn({
      summary: 'Set a parameter until the next boot.',
      args: { name: Name, value: Setting },
      examples: ["salt '*' sysctl.assign net.ipv4.ip_forward 1"],
      run: (context, { name, value }) => assign(context, name, value),
    }),
    persist: fn({
      summary: 'Set a parameter now and at every boot.',
      args: { name: Name, value: Setting, config: v.optional(AbsolutePath) },
      returns: '``Updated`` or ``Already set``.',
      examples: ["salt '*' sysctl.persist net.ipv4.ip_forward 1"],
      async run(context, { name, value, config = defaultConfig(context) }) {
        const text = fileRoot(context.root).readText(config) ?? '';
        const isWritten = sameSetting(parseSettings(text)[name], value);
        if (isWritten && sameSetting(current(context, name), value)) return 'Already set';
        // First: what the kernel refuses shall not stand in the file.
        await assign(context, name, value);
        if (isWritten) return 'Updated';
        const path = join(context.root, config);
        await makeWithParents(dirname(path));
        await writeFileAtomically(path, withSetting(text, name, value));
        return 'Updated';
      },
    }),
  },
});

function defaultConfig({ root }: MinionContext): string {
  return fileRoot(root).exists('/run/systemd/system') ? '/etc/sysctl.d/99-salt.conf' : '/etc/sysctl.conf';
}

function current({ root }: MinionContext, name: string): string | undefined {
  const path = name.replaceAll(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
  return fileRoot(root).readText(`/proc/sys/${path}`)?.trim();
}

async function assign(context: MinionContext, name: string, value: string) {
  if (current(context, name) === undefined) throw commandFailed(`sysctl ${name} does not exist`);
  const { retcode, stderr } = await context.exec(['sysctl', '-w', `${name}=${value}`], { env: { LC_ALL: 'C' } });
  // Some versions succeed when the kernel refuses a value.
  if (retcode !== 0 || /Invalid argument/.test(stderr)) throw commandFailed(`sysctl -w failed: ${stderr.trim()}`);
  return { [name]: value };
}

/** Lines `name = value`; comments begin with `#` or `;`, and a dash before a name allows it to fail. */
function parseSettings(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => /^\s*-?([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])));
}

/** The kernel parts numbers by tabs where people write blanks. */
function sameSetting(one: string | undefined, other: string): boolean {
  return one?.split(/\s+/).join(' ') === other.trim().split(/\s+/).join(' ');
}

function withSetting(text: string, name: string, value: string): string {
  const line = `${name} = ${value}`;
  const lines = linesOf(text);
  const place = lines.findLastIndex((old) => Object.hasOwn(parseSettings(old), name));
  const changed = place < 0 ? [...lines, line] : lines.with(place, line);
  return `${changed.join('\n')}\n`;
}
