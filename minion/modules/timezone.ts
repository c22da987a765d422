import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../shared/errors.ts';
import { Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { commandFailed } from '../lib/exec.ts';
import { fileRoot } from '../lib/file_root.ts';
import { runProgram } from '../lib/run_program.ts';

const Zone = v.pipe(Text, v.regex(/^\w[\w+-]*(\/[\w+-]+)*$/, 'must be a name such as Europe/Berlin'));

export default defineModule({
  summary: 'See and set the time zone.',
  unavailable: ({ root }) =>
    existsSync(join(root, 'usr/share/zoneinfo')) ? undefined : 'there is no /usr/share/zoneinfo on this system',
  functions: {
    get_zone: fn({
      summary: 'Return the name of the time zone.',
      args: {},
      examples: ["salt '*' timezone.get_zone"],
      reads: true,
      run: (context) => currentZone(context),
    }),
    get_zonecode: fn({
      summary: 'Return the letters of the time zone: CET, PDT and so on.',
      args: {},
      examples: ["salt '*' timezone.get_zonecode"],
      reads: true,
      run: (context) => date(context, '+%Z'),
    }),
    get_offset: fn({
      summary: 'Return how far the time zone is from UTC, such as +0200.',
      args: {},
      examples: ["salt '*' timezone.get_offset"],
      reads: true,
      run: (context) => date(context, '+%z'),
    }),
    zone_compare: fn({
      summary: 'Return whether a time zone is the one that is set, by its name or by its rules.',
      args: { timezone: Zone },
      examples: ["salt '*' timezone.zone_compare 'America/Denver'"],
      reads: true,
      async run(context, { timezone }) {
        const wanted = await rulesOf(context, timezone);
        if ((await currentZone(context)) === timezone) return true;
        const local = join(context.root, 'etc/localtime');
        return existsSync(local) && wanted.equals(await readFile(local));
      },
    }),
    set_zone: fn({
      summary: 'Set the time zone.',
      args: { timezone: Zone },
      returns: '``True``.',
      examples: ["salt '*' timezone.set_zone 'America/Denver'"],
      async run(context, { timezone }) {
        await rulesOf(context, timezone);
        const link = join(context.root, 'etc/localtime');
        const temporary = `${link}.${randomBytes(6).toString('hex')}`;
        await symlink(`/usr/share/zoneinfo/${timezone}`, temporary);
        await rename(temporary, link);
        const name = join(context.root, 'etc/timezone');
        if (existsSync(name)) await writeFileAtomically(name, `${timezone}\n`);
        return true;
      },
    }),
    get_hwclock: fn({
      summary: 'Return what the hardware clock is set to: UTC or localtime.',
      args: {},
      examples: ["salt '*' timezone.get_hwclock"],
      reads: true,
      run: ({ root }) =>
        fileRoot(root).readText('/etc/adjtime')?.split('\n')[2]?.trim() === 'LOCAL' ? 'localtime' : 'UTC',
    }),
    set_hwclock: fn({
      summary: 'Set the hardware clock to UTC or to localtime.',
      args: { clock: v.picklist(['UTC', 'localtime'], 'must be UTC or localtime') },
      returns: '``True``.',
      examples: ["salt '*' timezone.set_hwclock UTC"],
      async run(context, { clock }) {
        const argv = existsSync(join(context.root, 'run/systemd/system'))
          ? (['timedatectl', 'set-local-rtc', String(clock === 'localtime')] as const)
          : (['hwclock', '--systohc', clock === 'UTC' ? '--utc' : '--localtime'] as const);
        await runProgram(context, argv, 'cannot set the hardware clock');
        return true;
      },
    }),
  },
});

async function date({ exec }: MinionContext, format: string): Promise<string> {
  return (await exec(['date', format], { env: { LC_ALL: 'C' } })).stdout.trim();
}

async function currentZone({ root }: MinionContext): Promise<string> {
  const files = fileRoot(root);
  const zone = /zoneinfo\/(.+)$/.exec((await files.link('/etc/localtime')) ?? '')?.[1];
  return zone ?? files.readText('/etc/timezone')?.trim() ?? 'UTC';
}

async function rulesOf({ root }: MinionContext, zone: string): Promise<Buffer> {
  try {
    return await readFile(join(root, 'usr/share/zoneinfo', zone));
  } catch (error) {
    if (!['ENOENT', 'EISDIR', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    throw commandFailed(`zone ${zone} does not exist`, 'see /usr/share/zoneinfo for those that do');
  }
}
