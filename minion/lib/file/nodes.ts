import { chmod, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Count, Mode, Text } from '../../../shared/plugin/args.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { runProgram } from '../run_program.ts';
import { FilePath, fileFn } from './file_function.ts';
import { changeOwner, isThere, lstatIfThere } from './owners.ts';
import { dirname, normalPath } from './paths.ts';
import { makeFolders } from './tree.ts';

const owner = { user: v.optional(v.nullable(Text)), group: v.optional(v.nullable(Text)) };
const mode = v.optional(Mode, '0660');
const returns = 'a result as that of a state.';

/** Functions on devices and pipes. */
export const nodeFunctions: Readonly<Record<string, MinionFunction>> = {
  get_devmm: fileFn({
    summary: 'Get major/minor info from a device.',
    args: { name: FilePath },
    returns: 'both numbers; zeros for what is no device.',
    reads: true,
    examples: ["salt '*' file.get_devmm /dev/chr"],
    async run(_context, { name }) {
      const found = (await isThere(name)) ? await stat(name, { bigint: true }) : undefined;
      if (found === undefined || !(found.isCharacterDevice() || found.isBlockDevice())) return [0, 0];
      return [majorOf(found.rdev), minorOf(found.rdev)];
    },
  }),
  mknod_chrdev: fileFn({
    summary: 'Create a character device.',
    args: { name: FilePath, major: Count, minor: Count, ...owner, mode },
    returns,
    examples: ["salt '*' file.mknod_chrdev /dev/chr 180 31"],
    run: (context, args) => makeNode(context, { ...args, type: 'c' }),
  }),
  mknod_blkdev: fileFn({
    summary: 'Create a block device.',
    args: { name: FilePath, major: Count, minor: Count, ...owner, mode },
    returns,
    examples: ["salt '*' file.mknod_blkdev /dev/blk 8 999"],
    run: (context, args) => makeNode(context, { ...args, type: 'b' }),
  }),
  mknod_fifo: fileFn({
    summary: 'Create a FIFO pipe.',
    args: { name: FilePath, ...owner, mode },
    returns,
    examples: ["salt '*' file.mknod_fifo /dev/fifo"],
    run: (context, args) => makeNode(context, { ...args, type: 'p', major: 0, minor: 0 }),
  }),
  mknod: fileFn({
    summary: 'Create a block device, character device, or FIFO pipe, and the folders above it.',
    description: '\nThe type is c, b or p.',
    args: {
      name: FilePath,
      ntype: Text,
      major: v.optional(Count, 0),
      minor: v.optional(Count, 0),
      ...owner,
      mode: v.optional(Mode, '0600'),
    },
    returns,
    examples: ["salt '*' file.mknod /dev/chr c 180 31", "salt '*' file.mknod /dev/fifo p"],
    async run(context, { ntype, ...args }) {
      if (!isNodeType(ntype)) {
        throw new FleetError(
          'ARGS_INVALID',
          `Node type unavailable: '${ntype}'. Available node types are character ('c'), block ('b'), and pipe ('p').`,
        );
      }
      await makeFolders(context, normalPath(dirname(args.name)), {
        user: args.user ?? undefined,
        group: args.group ?? undefined,
      });
      return makeNode(context, { ...args, type: ntype });
    },
  }),
};

const words = { c: 'Character device', b: 'Block device', p: 'Fifo pipe' };

interface Node {
  readonly name: string;
  readonly type: keyof typeof words;
  readonly major: number;
  readonly minor: number;
  readonly user?: string | null | undefined;
  readonly group?: string | null | undefined;
  readonly mode: string;
}

async function makeNode(context: MinionContext, node: Node): Promise<Record<string, unknown>> {
  const { name, type, major, minor, mode: bits } = node;
  const exists = (await lstatIfThere(name)) !== undefined;
  const result = { name, changes: {}, comment: '', result: false };
  if (exists) result.comment = `File ${name} exists and cannot be overwritten`;
  else {
    const numbers = type === 'p' ? [] : [String(major), String(minor)];
    await runProgram(context, ['mknod', '-m', bits, '--', name, type, ...numbers], `could not create ${name}`);
    result.changes = { new: `${words[type]} ${name} created.` };
    result.result = true;
  }
  if (node.user || node.group) await changeOwner(context, name, { user: node.user ?? '', group: node.group ?? '' });
  // After the owner: chown clears the set-id bits.
  await chmod(name, Number.parseInt(bits, 8));
  return result;
}

function isNodeType(text: string): text is keyof typeof words {
  return Object.hasOwn(words, text);
}

/** As the kernel packs them: makedev(3). */
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
}
