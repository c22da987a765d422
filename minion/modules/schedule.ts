import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { Flag, Text } from '../../shared/plugin/args.ts';
import { isDict } from '../../shared/python_text.ts';
import { fromJs } from '../../shared/render/values/border.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { isScheduleSetting } from '../../shared/schedule/read_schedule.ts';
import { formatTime, ISO_FORMAT, parseTime } from '../../shared/schedule/time_format.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { keywordOptions } from '../lib/keyword_options.ts';
import { buildItem, timeConflict } from '../lib/schedule/build_item.ts';
import { announce, changeSchedule, onlyHow, readHow, refused, withItem } from '../lib/schedule/change_schedule.ts';
import { addExplicit } from '../lib/schedule/explicit_times.ts';
import { describeStatus } from '../lib/schedule/job_status.ts';
import { sendJob } from '../lib/schedule/send_job.ts';

type Dict = Readonly<Record<string, unknown>>;

const kept =
  'The change is written to minion.d/_schedule.conf, and so outlives the minion, unless persist=False says otherwise.\n' +
  'test=True only says what would be done; offline=True changes the file alone.';
const changed = 'comment, result and changes.';
const nameArg = { name: Text };

/** In place of a job that is not there. */
const missing = (name: string) => refused(`Job ${name} does not exist.`);

export default defineModule({
  summary: "Manage this minion's schedule: what it runs by itself, and when.",
  functions: {
    list: fn({
      summary: 'List the jobs of the schedule.',
      args: {
        show_all: v.optional(Flag, false),
        show_disabled: v.optional(Flag, true),
        where: v.optional(v.picklist(['opts', 'pillar'], 'must be opts or pillar')),
        return_yaml: v.optional(Flag, true),
        offline: v.optional(Flag, false),
      },
      description: 'show_all=True lists those of the minion itself too, whose names begin with two underscores.',
      returns: 'YAML, or a mapping with return_yaml=False.',
      examples: ["salt '*' schedule.list", "salt '*' schedule.list show_disabled=False"],
      reads: true,
      async run({ schedules }, args) {
        const all = args.where === 'pillar' ? {} : args.offline ? await schedules.written() : schedules.all();
        const schedule = listed(all, args.show_all, args.show_disabled);
        if (Object.keys(schedule).length === 0) return { schedule: {} };
        return args.return_yaml ? dumpYaml(fromJs({ schedule })) : schedule;
      },
    }),
    is_enabled: fn({
      summary: 'Return whether the schedule is enabled, or a job if there is one of that name.',
      args: { name: v.optional(Text) },
      examples: ["salt '*' schedule.is_enabled", "salt '*' schedule.is_enabled name=job1"],
      reads: true,
      run({ schedules }, { name }) {
        const all = schedules.all();
        if (name === undefined) return all.enabled ?? true;
        return listed(all, false, true)[name] ?? {};
      },
    }),
    add: fn({
      summary: 'Add a job to the schedule.',
      description: `Keyword arguments are those of a job in the configuration, with job_args and job_kwargs for the function.\n${kept}`,
      args: nameArg,
      varkw: true,
      returns: changed,
      examples: [
        "salt '*' schedule.add job1 function='test.ping' seconds=3600",
        "salt '*' schedule.add job2 function='cmd.run' job_args=\"['date >> /tmp/date.log']\" seconds=60",
      ],
      async run(context, { name }, { kwargs }) {
        const { how, rest } = readHow(kwargs);
        if (isTaken(context, name)) return refused(`Job ${name} already exists in schedule.`);
        if (isScheduleSetting(name)) return refused(`${name} is a setting of the schedule and cannot be a job.`);
        const conflict = timeConflict(rest, 'Error: ');
        if (conflict !== undefined) return refused(conflict);
        const built = buildItem(context.schedules, name, rest);
        if ('refusal' in built) return built.refusal;
        return changeSchedule(context, how, (schedule) => withItem(schedule, name, built.item), {
          would: `Job: ${name} would be added to schedule.`,
          done: `Added job: ${name} to schedule.`,
          changes: { [name]: 'added' },
          event: 'add_complete',
        });
      },
    }),
    build_schedule_item: fn({
      summary: 'Build a job as `add` would add it.',
      args: nameArg,
      varkw: true,
      examples: ["salt '*' schedule.build_schedule_item job1 function='test.ping' seconds=3600"],
      reads: true,
      run({ schedules }, { name }, { kwargs }) {
        const conflict = timeConflict(kwargs, '');
        if (conflict !== undefined) return refused(conflict);
        const built = buildItem(schedules, name, kwargs);
        return 'refusal' in built ? built.refusal : built.item;
      },
    }),
    modify: fn({
      summary: 'Replace a job of the schedule; its function stays when none is named.',
      description: kept,
      args: nameArg,
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.modify job1 function='test.ping' seconds=3600"],
      async run(context, { name }, { kwargs }) {
        const { how, rest } = readHow(kwargs);
        const conflict = timeConflict(rest, 'Error: ');
        if (conflict !== undefined) return refused(conflict);
        const old = itemOf(context, name);
        if (old === undefined) return refused(`Job ${name} does not exist in schedule.`);
        const built = buildItem(context.schedules, name, { function: old.function, ...rest });
        if ('refusal' in built) return built.refusal;
        const { item } = built;
        if (isDeepStrictEqual(old, item)) return { comment: `Job ${name} in correct state`, result: true, changes: {} };
        return changeSchedule(context, how, (schedule) => withItem(schedule, name, item), {
          would: `Job: ${name} would be modified in schedule.`,
          done: `Modified job: ${name} in schedule.`,
          changes: { [name]: { old, new: item } },
          event: 'modify_complete',
        });
      },
    }),
    delete: fn({
      summary: 'Delete a job from the schedule.',
      description: `A job of the configuration itself is back after a restart.\n${kept}`,
      args: nameArg,
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.delete job1"],
      async run(context, { name }, { kwargs }) {
        const how = onlyHow(kwargs);
        if (!how.offline && !isTaken(context, name)) return missing(name);
        return changeSchedule(context, how, (schedule) => withItem(schedule, name, undefined), {
          would: `Job: ${name} would be deleted from schedule.`,
          done: `Deleted Job ${name} from schedule.`,
          changes: { [name]: 'removed' },
          event: 'delete_complete',
        });
      },
    }),
    purge: fn({
      summary: 'Delete all jobs from the schedule.',
      description: kept,
      args: {},
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.purge"],
      async run(context, _args, { kwargs }) {
        const how = onlyHow(kwargs);
        const names = Object.keys(listed(context.schedules.all(), false, true)).filter(
          (name) => !isScheduleSetting(name),
        );
        const settings = (schedule: Dict): Dict =>
          Object.fromEntries(Object.entries(schedule).filter(([name]) => !names.includes(name)));
        const { changes } = await changeSchedule(context, how, settings, {
          would: '',
          done: '',
          changes: Object.fromEntries(names.map((name) => [name, 'removed'])),
          event: 'delete_complete',
        });
        const comment = names.map((name) =>
          how.test ? `Job: ${name} would be deleted from schedule.` : `Deleted job: ${name} from schedule.`,
        );
        return { comment, result: true, changes };
      },
    }),
    enable: fn({
      summary: 'Enable all of the schedule.',
      description: kept,
      args: {},
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.enable"],
      run: (context, _args, { kwargs }) => setEnabled(context, kwargs, true),
    }),
    disable: fn({
      summary: 'Disable all of the schedule.',
      description: kept,
      args: {},
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.disable"],
      run: (context, _args, { kwargs }) => setEnabled(context, kwargs, false),
    }),
    enable_job: fn({
      summary: 'Enable a job of the schedule.',
      description: kept,
      args: nameArg,
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.enable_job job1"],
      run: (context, { name }, { kwargs }) => setJobEnabled(context, name, kwargs, true),
    }),
    disable_job: fn({
      summary: 'Disable a job of the schedule.',
      description: kept,
      args: nameArg,
      varkw: true,
      returns: changed,
      examples: ["salt '*' schedule.disable_job job1"],
      run: (context, { name }, { kwargs }) => setJobEnabled(context, name, kwargs, false),
    }),
    copy: fn({
      summary: 'Add a job of the schedule to those of other minions.',
      description: 'The master must allow schedule.add by `peer` in its configuration.',
      args: { name: Text, target: Text, test: v.optional(Flag, false) },
      examples: ["salt '*' schedule.copy job1 'web*'"],
      async run(context, { name, target, test }) {
        if (test) return { comment: `Job: ${name} would be copied from schedule.`, result: true };
        const item = itemOf(context, name);
        return item === undefined ? missing(name) : sendJob(context, name, item, target);
      },
    }),
    move: fn({
      summary: 'Add a job of the schedule to those of other minions, and delete it here when they have it.',
      description: 'The master must allow schedule.add by `peer` in its configuration.',
      args: { name: Text, target: Text, test: v.optional(Flag, false) },
      examples: ["salt '*' schedule.move job1 'web*'"],
      async run(context, { name, target, test }) {
        if (test) return { comment: `Job: ${name} would be moved from schedule.`, result: true };
        const item = itemOf(context, name);
        if (item === undefined) return missing(name);
        const sent = await sendJob(context, name, item, target);
        if (!sent.result) return sent;
        await context.call('schedule.delete', [name]);
        return { ...sent, comment: `Moved Job ${name} from schedule.` };
      },
    }),
    run_job: fn({
      summary: 'Run a job of the schedule at once.',
      description: 'force=True runs it even if it is disabled.',
      args: { name: Text, force: v.optional(Flag, false) },
      examples: ["salt '*' schedule.run_job job1", "salt '*' schedule.run_job job1 force=True"],
      run(context, { name, force }) {
        const item = itemOf(context, name);
        if (item === undefined) return { comment: `Job ${name} does not exist.`, result: false };
        if (item.enabled === false && !force) return { comment: `Job ${name} is disabled.`, result: false };
        if (context.schedules.run(name)) return { comment: `Scheduling Job ${name} on minion.`, result: true };
        return { comment: context.schedules.problem(name) ?? `Job ${name} cannot be used.`, result: false };
      },
    }),
    save: fn({
      summary: 'Write the schedule to minion.d/_schedule.conf.',
      args: {},
      varkw: true,
      examples: ["salt '*' schedule.save"],
      async run(context, _args, { kwargs }) {
        const how = onlyHow(kwargs);
        const { comment, result } = await changeSchedule(context, { ...how, persist: true }, (schedule) => schedule, {
          would: 'Schedule would be saved.',
          done: 'Schedule (non-pillar items) saved.',
          changes: {},
          event: 'saved',
        });
        return { comment, result };
      },
    }),
    reload: fn({
      summary: 'Take over what stands in minion.d/_schedule.conf.',
      args: {},
      examples: ["salt '*' schedule.reload"],
      async run(context) {
        const isThere = await context.schedules.reload();
        if (!isThere) {
          return { comment: ['Failed to reload schedule on minion.  Saved file is empty or invalid.'], result: false };
        }
        await announce(context, 'reload_complete');
        return { comment: ['Reloaded schedule on minion from schedule.conf.'], result: true };
      },
    }),
    postpone_job: fn({
      summary: 'Run a job of the schedule at another time than it is due.',
      description: `Times are of the job's time zone, in the format time_fmt.\n${kept}`,
      args: { name: Text, current_time: Text, new_time: Text },
      varkw: true,
      examples: ["salt '*' schedule.postpone_job job1 2026-11-25T17:00:00 2026-11-25T19:00:00"],
      run: (context, { name, current_time, new_time }, { kwargs }) =>
        addTimes(context, name, kwargs, { skip: current_time, run: new_time }),
    }),
    skip_job: fn({
      summary: 'Leave a job of the schedule out at a time when it is due.',
      description: `The time is of the job's time zone, in the format time_fmt.\n${kept}`,
      args: { name: Text, current_time: Text },
      varkw: true,
      examples: ["salt '*' schedule.skip_job job1 2026-11-25T17:00:00"],
      run: (context, { name, current_time }, { kwargs }) => addTimes(context, name, kwargs, { skip: current_time }),
    }),
    show_next_fire_time: fn({
      summary: 'Return when a job of the schedule runs next, in its time zone.',
      args: nameArg,
      varkw: true,
      examples: ["salt '*' schedule.show_next_fire_time job1"],
      reads: true,
      run({ schedules }, { name }, { kwargs }) {
        const { fmt } = keywordOptions(kwargs, { fmt: v.optional(Text, ISO_FORMAT) });
        const plan = schedules.plan(name);
        if (plan === undefined) {
          return { result: false, comment: schedules.problem(name) ?? `Job ${name} does not exist.` };
        }
        const fire = schedules.state(name)?.due?.fire;
        if (fire === undefined) return { result: true, comment: `Job ${name} is not due at any time.` };
        return { result: true, next_fire_time: formatTime(plan.zone.wallOf(fire), fmt) };
      },
    }),
    job_status: fn({
      summary: 'Return a job of the schedule with what was done about it and what is planned.',
      args: { name: Text, time_fmt: v.optional(Text, ISO_FORMAT) },
      returns: 'an empty mapping when there is no such job.',
      examples: ["salt '*' schedule.job_status job1"],
      reads: true,
      run({ schedules }, { name, time_fmt }) {
        const item = itemOf({ schedules }, name);
        if (item === undefined) return {};
        const problem = schedules.problem(name);
        const plan = schedules.plan(name);
        if (plan === undefined) return { ...item, _error: problem ?? 'it cannot be used' };
        return {
          ...item,
          ...describeStatus(schedules.state(name), (ms) => formatTime(plan.zone.wallOf(ms), time_fmt)),
        };
      },
    }),
  },
});

function itemOf({ schedules }: Pick<MinionContext, 'schedules'>, name: string): Dict | undefined {
  const all = schedules.all();
  const item = Object.hasOwn(all, name) && !isScheduleSetting(name) ? all[name] : undefined;
  return isDict(item) ? item : undefined;
}

function isTaken({ schedules }: MinionContext, name: string): boolean {
  return Object.hasOwn(schedules.all(), name) && !isScheduleSetting(name);
}

/** Items with `enabled`, which Salt always shows. */
function listed(schedule: Dict, showAll: boolean, showDisabled: boolean): Dict {
  const shown = Object.entries(schedule)
    .filter(([name]) => showAll || !name.startsWith('__'))
    .map(
      ([name, item]) => [name, isDict(item) && !isScheduleSetting(name) ? { enabled: true, ...item } : item] as const,
    )
    .filter(([, item]) => showDisabled || !isDict(item) || item.enabled !== false);
  return Object.fromEntries(shown);
}

function setEnabled(context: MinionContext, kwargs: Dict, enabled: boolean) {
  const word = enabled ? 'enabled' : 'disabled';
  return changeSchedule(context, onlyHow(kwargs), (schedule) => ({ ...schedule, enabled }), {
    would: `Schedule would be ${word}.`,
    done: `${enabled ? 'Enabled' : 'Disabled'} schedule on minion.`,
    changes: { schedule: word },
    event: `${word}_complete`,
  });
}

async function setJobEnabled(context: MinionContext, name: string, kwargs: Dict, enabled: boolean) {
  const how = onlyHow(kwargs);
  const item = itemOf(context, name);
  if (item === undefined) return missing(name);
  const word = enabled ? 'enabled' : 'disabled';
  return changeSchedule(context, how, (schedule) => withItem(schedule, name, { ...item, enabled }), {
    would: `Job: ${name} would be ${word} in schedule.`,
    done: `${enabled ? 'Enabled' : 'Disabled'} Job ${name} in schedule.`,
    changes: { [name]: word },
    event: `${word}_job_complete`,
  });
}

async function addTimes(
  context: MinionContext,
  name: string,
  kwargs: Dict,
  times: { readonly skip: string; readonly run?: string },
) {
  const { how, rest } = readHow(kwargs);
  const { time_fmt } = keywordOptions(rest, { time_fmt: v.optional(Text, ISO_FORMAT) });
  const item = itemOf(context, name);
  if (item === undefined) return missing(name);
  try {
    for (const time of [times.skip, times.run ?? times.skip]) parseTime(time, time_fmt);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return refused(errorLine(error));
  }
  const plan = context.schedules.plan(name);
  if (plan === undefined) return refused(context.schedules.problem(name) ?? `Job ${name} cannot be used.`);
  const next = addExplicit(item, times, time_fmt, plan.zone, context.clock.nowMs());
  const isPostponed = times.run !== undefined;
  return changeSchedule(context, how, (schedule) => withItem(schedule, name, next), {
    would: `Job: ${name} would be ${isPostponed ? 'postponed' : 'skipped'} in schedule.`,
    done: `${isPostponed ? 'Postponed' : 'Added Skip'} Job ${name} in schedule.`,
    changes: {},
    event: isPostponed ? 'postpone_job_complete' : 'skip_job_complete',
  });
}
