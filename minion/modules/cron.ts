import * as v from 'valibot';
import { AbsolutePath, Flag, Line, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { removeEntry, setEntry } from '../lib/cron/change_entries.ts';
import { type CronJob, type CronVariable, parseCrontab, timeFields } from '../lib/cron/crontab.ts';
import { changeCrontab, readCrontab, runCrontab } from '../lib/cron/crontab_program.ts';
import { drawTimes } from '../lib/cron/draw_times.ts';
import { hasProgram } from '../lib/has_program.ts';

const User = v.pipe(Text, v.regex(/^[^-\s]\S*$/, 'must be the name of a user'));
/** May be empty where an identifier names the job. */
const Named = v.pipe(
  Line,
  v.transform((cmd) => cmd.trim()),
);
const Command = v.pipe(Named, v.minLength(1, 'must not be empty'));
const Identifier = v.optional(
  v.pipe(
    v.union([v.literal(false), Line]),
    v.transform((text) => (text === false || text === '' ? null : text)),
  ),
);
const Time = v.pipe(Text, v.toLowerCase(), v.regex(/^\S+$/, 'must be a field of a crontab such as */5'));
const Special = v.pipe(Text, v.regex(/^@[a-z]+$/, 'must be such as @daily'));
const Name = v.pipe(Text, v.regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'));
const Value = v.pipe(
  Line,
  v.transform((text) => text || '""'),
);

const times = { minute: Time, hour: Time, daymonth: Time, month: Time, dayweek: Time };
const optionalTimes = {
  minute: v.optional(Time),
  hour: v.optional(Time),
  daymonth: v.optional(Time),
  month: v.optional(Time),
  dayweek: v.optional(Time),
};
const details = { commented: v.optional(Flag, false), comment: v.optional(Text), identifier: Identifier };

const listTab = fn({
  summary: "Return what a user's crontab holds.",
  args: { user: User },
  returns:
    '``crons``, ``special`` and ``env``, those behind the line that Salt marks as managed by it, and ``pre``, the lines before.',
  examples: ["salt '*' cron.list_tab root"],
  reads: true,
  async run(context, { user }) {
    const { rest, ...tab } = parseCrontab(await readCrontab(context, user));
    return tab;
  },
});

export default defineModule({
  summary: 'See and change the crontabs of users.',
  unavailable: ({ root }) => (hasProgram(root, 'crontab') ? undefined : 'crontab is not installed'),
  functions: {
    write_cron_file: fn({
      summary: "Make a file a user's whole crontab.",
      args: { user: User, path: AbsolutePath },
      returns: '``True``, ``False`` when it was refused.',
      examples: ["salt '*' cron.write_cron_file root /tmp/new_cron"],
      run: async (context, { user, path }) => (await runCrontab(context, user, [path])).retcode === 0,
    }),
    write_cron_file_verbose: fn({
      summary: "Make a file a user's whole crontab, and return what crontab said.",
      args: { user: User, path: AbsolutePath },
      returns: '``pid``, ``retcode``, ``stdout`` and ``stderr``.',
      examples: ["salt '*' cron.write_cron_file_verbose root /tmp/new_cron"],
      async run(context, { user, path }) {
        const { pid, retcode, stdout, stderr } = await runCrontab(context, user, [path]);
        context.setRetcode(retcode);
        return { pid, retcode, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
      },
    }),
    raw_cron: fn({
      summary: "Return the text of a user's crontab.",
      args: { user: User },
      examples: ["salt '*' cron.raw_cron root"],
      reads: true,
      run: (context, { user }) => readCrontab(context, user),
    }),
    list_tab: listTab,
    ls: { ...listTab, examples: ["salt '*' cron.ls root"] },
    get_entry: fn({
      summary: 'Return the job of an identifier or a command, False when there is none.',
      args: { user: User, identifier: Identifier, cmd: v.optional(Text) },
      examples: ["salt '*' cron.get_entry root identifier=task1"],
      reads: true,
      async run(context, { user, identifier, cmd }) {
        const { crons } = parseCrontab(await readCrontab(context, user));
        const isMeant = (job: CronJob) => (identifier && job.identifier === identifier) || (cmd && job.cmd === cmd);
        return crons.find(isMeant) ?? false;
      },
    }),
    set_special: fn({
      summary: 'Set a job at a moment that has a name, such as @daily or @reboot.',
      args: { user: User, special: Special, cmd: Command, ...details },
      returns: '``new``, ``updated`` or ``present``.',
      examples: ["salt '*' cron.set_special root @hourly 'echo foobar'"],
      run: (context, { user, special: spec, ...wanted }) =>
        setAmong(context, user, 'special', (tab) => setEntry(tab.special, entry({ spec, ...wanted }), (job) => job)),
    }),
    set_job: fn({
      summary: 'Set a job at a time.',
      description:
        'A job is known by its identifier, or else by its command. ``random`` for a part of the time, or a range such as\n``5:20``, is drawn by lot once.',
      args: { user: User, ...times, cmd: Command, ...details },
      returns: '``new``, ``updated`` or ``present``.',
      examples: [
        "salt '*' cron.set_job root '*' '*' '*' '*' 1 /usr/local/weekly",
        "salt '*' cron.set_job root random 3 '*' '*' '*' /usr/local/daily identifier=daily",
      ],
      run: (context, { user, ...wanted }) =>
        setAmong(context, user, 'crons', (tab) => setEntry(tab.crons, entry(wanted), drawTimes)),
    }),
    rm_special: fn({
      summary: 'Remove a job at a moment that has a name.',
      args: { user: User, cmd: Named, special: v.optional(Special), identifier: Identifier },
      returns: '``removed`` or ``absent``.',
      examples: ["salt '*' cron.rm_special root /usr/bin/foo"],
      run: (context, { user, special, ...name }) =>
        removed(context, user, (tab) => {
          const left = removeEntry(tab.special, named(name), ({ spec }) => special === undefined || spec === special);
          return left && { special: left };
        }),
    }),
    rm_job: fn({
      summary: 'Remove a job, one at that time when times are given.',
      args: { user: User, cmd: Named, ...optionalTimes, identifier: Identifier },
      returns: '``removed`` or ``absent``.',
      examples: [
        "salt '*' cron.rm_job root /usr/local/weekly",
        "salt '*' cron.rm_job root /usr/bin/foo dayweek=1",
        "salt '*' cron.rm_job root '' identifier=daily",
      ],
      run: (context, { user, cmd, identifier, ...when }) =>
        removed(context, user, (tab) => {
          const isThen = (job: CronJob) => timeFields.every((field) => isTime(job[field], when[field]));
          const left = removeEntry(tab.crons, named({ cmd, identifier }), isThen);
          return left && { crons: left };
        }),
    }),
    set_env: fn({
      summary: 'Set a variable of the jobs of a user.',
      args: { user: User, name: Name, value: v.optional(Value, '""') },
      returns: '``new``, ``updated`` or ``present``.',
      examples: ["salt '*' cron.set_env root MAILTO user@example.com"],
      run: (context, { user, ...variable }) => setAmong(context, user, 'env', (tab) => setVariable(tab.env, variable)),
    }),
    rm_env: fn({
      summary: 'Remove a variable of the jobs of a user.',
      args: { user: User, name: Name },
      returns: '``removed`` or ``absent``.',
      examples: ["salt '*' cron.rm_env root MAILTO"],
      run: (context, { user, name }) =>
        removed(context, user, ({ env }) => {
          const left = env.filter((variable) => variable.name !== name);
          return left.length === env.length ? undefined : { env: left };
        }),
    }),
  },
});

type Tab = ReturnType<typeof parseCrontab>;
type SetResult = 'new' | 'updated' | 'present';

/** With nothing for what was not said. */
function entry<T extends { readonly comment?: string | undefined; readonly identifier?: string | null | undefined }>(
  wanted: T,
) {
  return { ...wanted, comment: wanted.comment ?? null, identifier: wanted.identifier ?? null };
}

function named({ cmd, identifier }: { readonly cmd: string; readonly identifier?: string | null | undefined }) {
  return { cmd, identifier: identifier ?? null };
}

async function setAmong<K extends 'crons' | 'special' | 'env'>(
  context: MinionContext,
  user: string,
  kind: K,
  set: (tab: Tab) => { readonly entries: Tab[K]; readonly result: SetResult },
): Promise<SetResult> {
  let outcome: SetResult = 'present';
  await changeCrontab(context, user, (tab) => {
    const { entries, result } = set(tab);
    outcome = result;
    return result === 'present' ? undefined : { [kind]: entries };
  });
  return outcome;
}

async function removed(
  context: MinionContext,
  user: string,
  change: (tab: Tab) => Partial<Tab> | undefined,
): Promise<'removed' | 'absent'> {
  return (await changeCrontab(context, user, change)) ? 'removed' : 'absent';
}

function setVariable(env: readonly CronVariable[], variable: CronVariable) {
  const place = env.findIndex(({ name }) => name === variable.name);
  if (place < 0) return { entries: [...env, variable], result: 'new' as const };
  if (env[place]?.value === variable.value) return { entries: env, result: 'present' as const };
  return { entries: env.with(place, variable), result: 'updated' as const };
}

/** A time that was drawn by lot is any but each one. */
function isTime(time: string, wanted: string | undefined): boolean {
  return wanted === undefined || time === wanted || (wanted === 'random' && time !== '*');
}
