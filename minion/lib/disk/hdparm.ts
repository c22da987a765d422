import * as v from 'valibot';
import { Text, TextList } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { runProgram } from '../run_program.ts';

/** What hdparm only shows when it is given without a value. */
const SHOWN = 'aAbBcCdgHiJkMmNnQrRuW';
const Flags = v.pipe(
  v.union([Text, v.array(Text)]),
  v.transform((flags) => [flags].flat().join('')),
  v.check((flags) => flags !== '' && [...flags].every((flag) => SHOWN.includes(flag)), `must be some of ${SHOWN}`),
);
/** How much is to be hidden: sectors, or a share of all. */
const Size = v.pipe(Text, v.regex(/^\d+%?$/, 'must be a number of sectors, or a percentage'));

export const hdparmFunctions = {
  hdparms: fn({
    summary: 'Return the parameters of disks, as hdparm shows them.',
    args: { disks: TextList, args: v.optional(Flags, SHOWN) },
    description: 'args are the letters of what is asked for.',
    returns: 'by device a mapping; what a disk does not tell is left out.',
    examples: ["salt '*' disk.hdparms /dev/sda"],
    reads: true,
    run: (context, { disks, args }) => parametersOf(context, disks, args),
  }),
  hpa: fn({
    summary: 'Return, or set, the area of disks that is hidden from the system (Host Protected Area).',
    args: { disks: TextList, size: v.optional(Size) },
    description: `
size is what to hide: sectors, or a percentage; 0 hides nothing. What lies in the area that becomes hidden cannot be read any
more: be careful with disks that are in use.`,
    returns: 'by device the sectors: total, and visible and hidden where some are; ``None`` with size.',
    examples: ["salt '*' disk.hpa /dev/sda", "salt '*' disk.hpa /dev/sda 5%", "salt '*' disk.hpa /dev/sda 10543256"],
    async run(context, { disks, size }) {
      const areas = await protectedAreas(context, disks);
      if (size === undefined) return areas;
      for (const [disk, { total }] of Object.entries(areas)) await setVisible(context, disk, visibleOf(total, size));
      return null;
    },
  }),
};

interface Area {
  readonly total: number;
  readonly visible?: number;
  readonly hidden?: number;
}

type Parameters = Readonly<Record<string, unknown>>;

async function parametersOf(
  { exec, log }: MinionContext,
  disks: readonly string[],
  flags: string,
): Promise<Readonly<Record<string, Parameters>>> {
  const found: Record<string, Parameters> = {};
  for (const name of disks) {
    const disk = name.startsWith('/dev/') ? name : `/dev/${name}`;
    const { retcode, stdout, stderr } = await exec(['hdparm', `-${flags}`, disk], { env: { LC_ALL: 'C' } });
    // It goes on after what one disk cannot tell, and says so by its status.
    if (retcode !== 0) log.warning('hdparm could not show everything', { disk, reason: stderr.trim() });
    found[disk] = parseParameters(stdout, disk);
  }
  return found;
}

async function protectedAreas(context: MinionContext, disks: readonly string[]): Promise<Record<string, Area>> {
  const areas: Record<string, Area> = {};
  for (const [disk, parameters] of Object.entries(await parametersOf(context, disks, 'N'))) {
    const [visible, total, state = ''] = [Object.values(parameters)[0]].flat();
    if (typeof visible !== 'number' || typeof total !== 'number') {
      throw commandFailed(`hdparm tells nothing of a protected area of ${disk}`);
    }
    const isWhole = visible === total || String(state).includes('disabled');
    areas[disk] = isWhole ? { total } : { total, visible, hidden: total - visible };
  }
  return areas;
}

function visibleOf(total: number, size: string): number {
  const amount = Number.parseInt(size, 10);
  const visible = size.endsWith('%') ? Math.trunc(((100 - amount) * total) / 100) : total - amount;
  return visible <= 0 ? total : visible;
}

async function setVisible(context: MinionContext, disk: string, sectors: number): Promise<void> {
  const argv = ['hdparm', '--yes-i-know-what-i-am-doing', `-Np${sectors}`, disk] as const;
  await runProgram(context, argv, `cannot set what is visible of ${disk}`);
}

/** Lines such as ` multcount     = 16 (on)` and ` APM_level	= off`, by Salt's reading of them. */
function parseParameters(text: string, disk: string): Parameters {
  const parameters: Record<string, unknown> = {};
  for (const line of text.split('\n').map((each) => each.trim())) {
    const mark = line.includes(':') ? ':' : '=';
    const at = line.indexOf(mark);
    if (at === -1 || line === `${disk}:`) continue;
    const key = line.slice(0, at).replace(mark === ':' ? / is$/ : /$^/, '');
    const value = parseValue(line.slice(at + 1).trim());
    if (value !== undefined) parameters[key.trim().toLowerCase().replaceAll(' ', '_')] = value;
  }
  return parameters;
}

/** `16 (on)` is a number and a word; else parts are split at slashes and commas, and those with `=` make a mapping. */
function parseValue(text: string): unknown {
  const [, number, word] = /^(\d+) \((.*?)\)/.exec(text) ?? [];
  if (number !== undefined) return [Number(number), word?.split(' ')[0]];
  const named: Record<string, string> = {};
  const parts: unknown[] = [];
  for (const part of text.split(/[/,]/).map((each) => each.trim())) {
    const [, name, value] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    if (/^[-+]?\d+$/.test(part)) parts.push(Number(part));
    else if (name === undefined || value === undefined) parts.push(...(part === '' ? [] : [part]));
    else if (value.trim() !== '') named[name.trim()] = value.trim();
  }
  if (Object.keys(named).length > 0) parts.push(named);
  return parts.length > 1 ? parts : parts[0];
}
