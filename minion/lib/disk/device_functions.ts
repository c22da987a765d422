import * as v from 'valibot';
import { sleep } from '../../../shared/clock.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Count, Flag, Real, Text, TextList } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { fileRoot } from '../file_root.ts';
import { isWholeDisk } from '../process/usage_counters.ts';
import { runProgram } from '../run_program.ts';
import { ioStatistics, readCounters } from './io_statistics.ts';

/** What blockdev is asked for, in this order. */
const FACTS = [
  ...[
    'getro',
    'getsz',
    'getss',
    'getpbsz',
    'getiomin',
    'getioopt',
    'getalignoff',
    'getmaxsect',
    'getsize',
    'getsize64',
  ],
  ...['getra', 'getfra'],
];

/** A path, so that it cannot be taken for an option. */
const Device = v.pipe(Text, v.startsWith('/', 'must be an absolute path'));
const FsType = v.pipe(Text, v.regex(/^[a-z][\w.-]*$/i, 'must be a type such as ext4'));
const FatBits = v.pipe(
  Count,
  v.check((bits) => [12, 16, 32].includes(bits), 'must be 12, 16 or 32'),
);
const Seconds = v.pipe(Real, v.minValue(1, 'must be at least 1'), v.maxValue(3600, 'must be at most 3600'));
const Facts = v.pipe(
  TextList,
  v.check((names) => names.every((name) => FACTS.includes(name)), `must be some of ${FACTS.join(', ')}`),
);

export const deviceFunctions = {
  dump: fn({
    summary: 'Return what the kernel tells of a block device.',
    args: { device: Device, args: v.optional(Facts) },
    description: `args chooses among ${FACTS.join(', ')}.`,
    examples: ["salt '*' disk.dump /dev/sda1", "salt '*' disk.dump /dev/sda1 args='[getra, getsize64]'"],
    reads: true,
    run: (context, { device, args = FACTS }) => dump(context, device, args),
  }),
  tune: fn({
    summary: 'Set how a block device reads ahead, and whether it can be written.',
    args: { device: Device },
    description:
      'read-ahead and filesystem-read-ahead are numbers of sectors of 512 bytes; read-only=True and read-write=True are\n' +
      'what they say.',
    varkw: true,
    returns: 'what disk.dump does.',
    examples: ["salt '*' disk.tune /dev/sda1 read-ahead=1024 read-write=True"],
    async run(context, { device }, { kwargs }) {
      const options = Object.entries(kwargs).flatMap(([name, value]) => tuneOption(name, value));
      if (options.length === 0) throw commandFailed(`nothing was said that ${device} is to be`);
      await run(context, ['blockdev', ...options, device]);
      return dump(context, device, FACTS);
    },
  }),
  wipe: fn({
    summary: 'Remove the signatures of file systems, partitions and RAIDs from a device.',
    args: { device: Device },
    returns: '``True``.',
    examples: ["salt '*' disk.wipe /dev/sda1"],
    run: (context, { device }) => run(context, ['wipefs', '-a', device]),
  }),
  resize2fs: fn({
    summary: 'Let a file system of type ext2, ext3 or ext4 fill its device.',
    args: { device: Device },
    returns: '``True``.',
    examples: ["salt '*' disk.resize2fs /dev/sda1"],
    run: (context, { device }) => run(context, ['resize2fs', device]),
  }),
  format: fn({
    summary: 'Make a file system on a device. What was on it is lost.',
    args: {
      ...{ device: Device, fs_type: v.optional(FsType, 'ext4'), inode_size: v.optional(Count) },
      ...{ lazy_itable_init: v.optional(Flag), fat: v.optional(FatBits), force: v.optional(Flag, false) },
    },
    description:
      'inode_size is for ext and xfs, lazy_itable_init for ext, fat for FAT. With force=True also where there is a file\n' +
      'system already, for ext and xfs.',
    returns: '``True``.',
    examples: ["salt '*' disk.format /dev/sdX1", "salt '*' disk.format /dev/sdX1 fs_type=xfs force=True"],
    async run(context, { device, fs_type: type, ...how }) {
      await run(context, ['mkfs', '-t', type, ...formatOptions(type, how), device]);
      return run(context, ['sync']);
    },
  }),
  iostat: fn({
    summary: 'Watch what the disks do, and return the average in the columns of `iostat -x`.',
    args: { interval: v.optional(Seconds, 1), count: v.optional(Seconds, 5), disks: v.optional(TextList) },
    description: 'It takes interval times count seconds. disks chooses among the devices of /dev, partitions too.',
    returns: 'a mapping by device, of those that ever did something when none is named.',
    examples: ["salt '*' disk.iostat", "salt '*' disk.iostat interval=5 disks=sda"],
    reads: true,
    async run({ root, clock, signal }, { interval, count, disks }) {
      const files = fileRoot(root);
      const look = async () => readCounters((await files.read('/proc/diskstats')) ?? '');
      const before = await look();
      await sleep(clock, interval * count * 1000, signal);
      const chosen = [...(await look())].filter(([name, counters]) =>
        disks === undefined
          ? isWholeDisk(files, name) && counters.some((counter) => counter > 0)
          : disks.some((disk) => disk.replace(/^\/dev\//, '') === name),
      );
      return Object.fromEntries(
        chosen.map(([name, after]) => [name, ioStatistics(before.get(name) ?? after, after, interval * count)]),
      );
    },
  }),
  smart_attributes: fn({
    summary: 'Return what a disk tells of its health.',
    args: { dev: Text, attributes: v.optional(TextList), values: v.optional(TextList) },
    description:
      'attributes chooses by id, values by name of a column: attribute_name, flag, value, worst, thresh, type, updated,\n' +
      'when_failed, raw_value.',
    returns: 'a mapping by id of the attribute.',
    examples: ["salt '*' disk.smart_attributes /dev/sda", "salt '*' disk.smart_attributes sda attributes='[1, 5, 9]'"],
    reads: true,
    async run({ exec }, { dev, attributes, values }) {
      const device = dev.startsWith('/') ? dev : `/dev/${dev}`;
      const { stdout } = await exec(['smartctl', '--attributes', device]);
      const found = smartAttributes(stdout, values);
      if (Object.keys(found).length === 0) throw commandFailed(`smartctl tells nothing of ${device}: ${stdout.trim()}`);
      return attributes === undefined
        ? found
        : Object.fromEntries(Object.entries(found).filter(([id]) => attributes.includes(id)));
    },
  }),
};

interface FormatHow {
  readonly inode_size?: number | undefined;
  readonly lazy_itable_init?: boolean | undefined;
  readonly fat?: number | undefined;
  readonly force: boolean;
}

function formatOptions(type: string, { inode_size: inode, lazy_itable_init: lazy, fat, force }: FormatHow): string[] {
  const isExt = type.startsWith('ext');
  const isXfs = type === 'xfs';
  return [
    ...(inode !== undefined && isExt ? ['-i', String(inode)] : []),
    ...(inode !== undefined && isXfs ? ['-i', `size=${inode}`] : []),
    ...(lazy !== undefined && isExt ? ['-E', `lazy_itable_init=${lazy ? 1 : 0}`] : []),
    ...(fat !== undefined && type.endsWith('fat') ? ['-F', String(fat)] : []),
    ...(force && isExt ? ['-F'] : []),
    ...(force && isXfs ? ['-f'] : []),
  ];
}

const TUNES: Readonly<Record<string, string>> = {
  'read-ahead': '--setra',
  'filesystem-read-ahead': '--setfra',
  'read-only': '--setro',
  'read-write': '--setrw',
};

function tuneOption(name: string, value: unknown): string[] {
  const option = TUNES[name];
  if (option === undefined) throw commandFailed(`${name} cannot be set`, `use ${Object.keys(TUNES).join(', ')}`);
  const isFlag = ['--setro', '--setrw'].includes(option);
  const parsed = v.safeParse(isFlag ? Flag : Count, value);
  if (!parsed.success) throw new FleetError('ARGS_INVALID', `${name}: ${parsed.issues[0].message}`);
  if (isFlag) return parsed.output === true ? [option] : [];
  return [option, String(parsed.output)];
}

/** The answers come one in a line, in the order of the questions. */
async function dump(context: MinionContext, device: string, names: readonly string[]): Promise<Record<string, string>> {
  const { retcode, stdout, stderr } = await context.exec(['blockdev', ...FACTS.map((name) => `--${name}`), device]);
  if (retcode !== 0) throw commandFailed(stderr.trim());
  const answers = stdout.trim().split('\n');
  const facts = FACTS.map((name, index) => [name, answers[index] ?? ''] as const);
  return Object.fromEntries(facts.filter(([name]) => names.includes(name)));
}

async function run(context: MinionContext, argv: readonly [string, ...string[]]): Promise<true> {
  await runProgram(context, argv, argv.join(' '));
  return true;
}

const COLUMNS = 'attribute_name flag value worst thresh type updated when_failed raw_value'.split(' ');
const NUMBERS = ['value', 'worst', 'thresh'];

/** A table below a line of headings; the raw value may have blanks. */
function smartAttributes(text: string, wanted: readonly string[] = COLUMNS): Record<string, Record<string, unknown>> {
  const rows = text.split('\n').map((line) => /^\s*(\d+)\s+(\S.*)$/.exec(line));
  const attributes = rows.flatMap((row): [string, Record<string, unknown>][] => {
    const fields = (row?.[2] ?? '').trim().split(/\s+/);
    if (fields.length < COLUMNS.length) return [];
    const values = [...fields.slice(0, COLUMNS.length - 1), fields.slice(COLUMNS.length - 1).join(' ')];
    const columns = COLUMNS.map((name, index) => [
      name,
      NUMBERS.includes(name) ? Number(values[index]) : values[index],
    ]);
    return [[row?.[1] ?? '', Object.fromEntries(columns.filter(([name]) => wanted.includes(String(name))))]];
  });
  return Object.fromEntries(attributes);
}
