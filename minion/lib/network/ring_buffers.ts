import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Count, Text } from '../../../shared/plugin/args.ts';
import { fn } from '../../context.ts';
import { hasProgram } from '../has_program.ts';
import { keywordOptions } from '../keyword_options.ts';

/** The kernel's limit is 15 characters; a hyphen in front would be an option of ethtool. */
const InterfaceName = v.pipe(Text, v.regex(/^[^-\s/][^\s/]{0,14}$/, 'must be the name of an interface'));
const Size = v.optional(Count);
const sizeOptions = { rx: Size, tx: Size, 'rx-mini': Size, 'rx-jumbo': Size };

/** The ring buffers of network cards, by way of ethtool. */
export const ringBufferFunctions = {
  get_bufsize: fn({
    summary: 'Return how many packets the ring buffers of an interface hold, and could hold at most.',
    args: { iface: InterfaceName },
    returns:
      '`rx`, `rx-max` and so on, and `result`; when the interface has none, `result` is ``False`` and `comment` says why.\n' +
      'Nothing where ethtool is not installed.',
    examples: ["salt '*' network.get_bufsize eth0"],
    reads: true,
    async run(context, { iface }) {
      if (!hasProgram(context.root, 'ethtool')) return {};
      const { retcode, stdout } = await context.exec(['ethtool', '-g', iface], { mergeStderr: true });
      const sizes = parseRingBuffers(stdout);
      if (retcode !== 0 || Object.keys(sizes).length === 0) return { result: false, comment: stdout.trim() };
      return { ...sizes, result: true };
    },
  }),
  mod_bufsize: fn({
    summary: 'Change how many packets the ring buffers of an interface hold, until the next boot.',
    args: { iface: InterfaceName },
    varkw: true,
    description: 'The sizes are rx, tx, rx-mini and rx-jumbo.',
    returns: '`result`, and as `comment` what was set or what ethtool said.',
    examples: ["salt '*' network.mod_bufsize eth0 rx=4096 tx=4096", "salt '*' network.mod_bufsize eth0 rx-jumbo=1024"],
    async run(context, { iface }, { kwargs }) {
      const sizes = Object.entries(keywordOptions(kwargs, sizeOptions));
      const words = sizes.flatMap(([kind, size]) => (size === undefined ? [] : [kind, String(size)]));
      if (words.length === 0) throw new FleetError('ARGS_INVALID', 'one of rx, tx, rx-mini and rx-jumbo is needed');
      const { retcode, stdout } = await context.exec(['ethtool', '-G', iface, ...words], { mergeStderr: true });
      if (retcode !== 0) return { result: false, comment: stdout.trim() };
      return { result: true, comment: words.join(' ') };
    },
  }),
};

/** Reads `ethtool -g`: the limits first, then what is set. A card says `n/a` of what it does not have. */
function parseRingBuffers(text: string): Record<string, number> {
  const sizes: Record<string, number> = {};
  let suffix = '';
  for (const line of text.split('\n')) {
    if (/maximums:\s*$/.test(line)) suffix = '-max';
    if (/settings:\s*$/.test(line)) suffix = '';
    const [, name, size] = /^(\w[^:]*):\s+(\d+)\s*$/.exec(line) ?? [];
    if (name !== undefined) sizes[name.toLowerCase().replaceAll(' ', '-') + suffix] = Number(size);
  }
  return sizes;
}
