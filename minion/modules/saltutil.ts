import * as v from 'valibot';
import { Flag, Integer, Text, Value } from '../../shared/plugin/args.ts';
import type { ArgEntries } from '../../shared/plugin/function.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionContext, type RunningJob } from '../context.ts';
import { findCustomFiles } from '../lib/custom/find_custom_files.ts';
import { cacheFunctions } from '../lib/saltutil/cache_functions.ts';
import { keyFunctions } from '../lib/saltutil/key_functions.ts';
import { masterFunctions } from '../lib/saltutil/master_functions.ts';
import { refreshFunctions } from '../lib/saltutil/refresh_functions.ts';

const SIGKILL = 9;
const SIGTERM = 15;

/** Salt's, of which none means anything while nothing is copied. */
const syncArgs = {
  saltenv: v.optional(Text),
  refresh: v.optional(Flag, true),
  extmod_whitelist: v.optional(Value),
  extmod_blacklist: v.optional(Value),
};

const { refresh: _, ...syncArgsWithoutRefresh } = syncArgs;

/** Salt's other kinds of plugins that a master hands out, by the arguments that each takes. */
const OTHER_KINDS: readonly (readonly [kinds: readonly string[], args: ArgEntries])[] = [
  [
    [
      ...[
        'beacons',
        'clouds',
        'executors',
        'log_handlers',
        'output',
        'renderers',
        'returners',
        'serializers',
        'states',
      ],
      ...['tops', 'utils', 'wrapper'],
    ],
    syncArgs,
  ],
  [['engines', 'matchers', 'proxymodules', 'thorium'], { ...syncArgs, refresh: v.optional(Flag, false) }],
  [['pillar'], { ...syncArgs, clean_pillar_cache: v.optional(Flag, false) }],
  [['sdb'], syncArgsWithoutRefresh],
];

function syncNothing(kind: string, args: ArgEntries) {
  return fn({
    summary: `Do nothing, for there are no ${kind.replace('_', ' ')} that a master hands out.`,
    description: 'It is there so that what calls it in Salt works: what a minion needs is installed with it.',
    args,
    returns: 'an empty list.',
    examples: [`salt '*' saltutil.sync_${kind}`],
    run: () => [],
  });
}

const syncOthers = Object.fromEntries(
  OTHER_KINDS.flatMap(([kinds, args]) => kinds.map((kind) => [`sync_${kind}`, syncNothing(kind, args)])),
);

export default defineModule({
  summary: "See and stop this minion's jobs, and refresh what it knows.",
  functions: {
    running: fn({
      summary: 'Return the jobs that run on this minion, but for the one that asks.',
      args: {},
      examples: ["salt '*' saltutil.running"],
      reads: true,
      run: (context) => otherJobs(context).map(jobItem),
    }),
    is_running: fn({
      summary: 'Return the running jobs whose function matches a glob.',
      args: { fun: Text },
      examples: ["salt '*' saltutil.is_running state.apply", "salt '*' saltutil.is_running 'state.*'"],
      reads: true,
      run(context, { fun }) {
        const matches = globMatcher(fun);
        return otherJobs(context)
          .filter((job) => matches(job.fun))
          .map(jobItem);
      },
    }),
    find_job: fn({
      summary: 'Return what is known of a job if it runs on this minion.',
      args: { jid: Text },
      returns: 'an empty mapping when it does not run.',
      examples: ["salt '*' saltutil.find_job 20261122093047146206"],
      reads: true,
      run(context, { jid }) {
        const job = otherJobs(context).find((other) => other.jid === jid);
        return job === undefined ? {} : jobItem(job);
      },
    }),
    signal_job: fn({
      summary: 'Send a signal to the processes of a running job.',
      args: {
        jid: Text,
        sig: v.pipe(Integer, v.minValue(1, 'must be a signal number'), v.maxValue(64, 'must be a signal number')),
      },
      returns: 'one line, or an empty text when the job does not run.',
      examples: ["salt '*' saltutil.signal_job 20261122093047146206 15"],
      run: (context, { jid, sig }) => signalJob(context, jid, sig),
    }),
    term_job: fn({
      summary: 'Send the termination signal (SIGTERM 15) to the processes of a running job.',
      args: { jid: Text },
      returns: 'one line, or an empty text when the job does not run.',
      examples: ["salt '*' saltutil.term_job 20261122093047146206"],
      run: (context, { jid }) => signalJob(context, jid, SIGTERM),
    }),
    kill_job: fn({
      summary: 'Send the kill signal (SIGKILL 9) to the processes of a running job.',
      args: { jid: Text },
      returns: 'one line, or an empty text when the job does not run.',
      examples: ["salt '*' saltutil.kill_job 20261122093047146206"],
      run: (context, { jid }) => signalJob(context, jid, SIGKILL),
    }),
    term_all_jobs: fn({
      summary: 'Send the termination signal (SIGTERM 15) to the processes of all other running jobs.',
      args: {},
      returns: 'one line for each job.',
      examples: ["salt '*' saltutil.term_all_jobs"],
      run: (context) => otherJobs(context).map((job) => signalJob(context, job.jid, SIGTERM)),
    }),
    kill_all_jobs: fn({
      summary: 'Send the kill signal (SIGKILL 9) to the processes of all other running jobs.',
      args: {},
      returns: 'one line for each job.',
      examples: ["salt '*' saltutil.kill_all_jobs"],
      run: (context) => otherJobs(context).map((job) => signalJob(context, job.jid, SIGKILL)),
    }),
    refresh_grains: fn({
      summary: "Collect this minion's grains anew.",
      args: { refresh_pillar: v.optional(Flag, true) },
      returns: '``True``.',
      examples: ["salt '*' saltutil.refresh_grains"],
      async run(context) {
        await context.grains.refresh();
        return true;
      },
    }),
    refresh_modules: fn({
      summary: 'Tell the minion to look at its execution modules anew.',
      args: { async: v.optional(Flag, true) },
      returns: '``True``.',
      examples: ["salt '*' saltutil.refresh_modules"],
      async run(context) {
        await refreshModules(context);
        return true;
      },
    }),
    sync_modules: fn({
      summary: 'Look at the folders of custom modules anew.',
      description: 'Nothing is copied from the master: the folders are those of module_dirs on the minion.',
      args: syncArgs,
      returns: 'the modules that came, went or changed, as ``modules.<name>``.',
      examples: ["salt '*' saltutil.sync_modules"],
      run: refreshModules,
    }),
    sync_grains: fn({
      summary: "Look at the folders of custom grains, and collect this minion's grains, anew.",
      description: 'Nothing is copied from the master: the folders are those of grains_dirs on the minion.',
      args: { ...syncArgs, clean_pillar_cache: v.optional(Flag, false) },
      returns: 'the files that came, went or changed, as ``grains.<name>``.',
      examples: ["salt '*' saltutil.sync_grains"],
      run: refreshGrains,
    }),
    sync_all: fn({
      summary: 'Look at the folders of custom modules and grains, and collect the grains, anew.',
      args: { ...syncArgs, clean_pillar_cache: v.optional(Flag, false) },
      returns: 'what came, went or changed, by kind.',
      examples: ["salt '*' saltutil.sync_all"],
      async run(context) {
        const modules = await refreshModules(context);
        return { grains: await refreshGrains(context), modules };
      },
    }),
    list_extmods: fn({
      summary: 'List the files of the folders of custom modules and grains.',
      args: {},
      returns: 'names without extensions, by kind.',
      examples: ["salt '*' saltutil.list_extmods"],
      reads: true,
      run: ({ config }) =>
        Object.fromEntries(
          Object.entries({ grains: config.grains_dirs, modules: config.module_dirs })
            .map(([kind, folders]) => [kind, customNames(folders)] as const)
            .filter(([, names]) => names.length > 0),
        ),
    }),
    mmodule: fn({
      summary: 'Call a function as it would be called with the modules of an environment of the master.',
      description: 'No environment has modules of its own: it is the function that the minion has.',
      args: { saltenv: Text, fun: Text },
      varargs: true,
      varkw: true,
      examples: ["salt '*' saltutil.mmodule base test.ping"],
      run: (context, { fun }, { args, kwargs }) => context.call(fun, args, kwargs),
    }),
    update: fn({
      summary: 'Fail: a minion is updated as the machine updates its other packages.',
      description: 'Salt can do it where it runs from a frozen build of esky.',
      args: { version: v.optional(Text) },
      returns: 'the reason under ``_error``, as Salt does.',
      examples: ["salt '*' saltutil.update"],
      run: () => ({ _error: 'Esky not available as import' }),
    }),
    ...cacheFunctions,
    ...keyFunctions,
    ...refreshFunctions,
    ...syncOthers,
    ...masterFunctions,
  },
});

async function refreshModules({ catalogue, events }: MinionContext): Promise<string[]> {
  const changed = catalogue.refresh();
  await events.fire('module_refresh', { notify: false });
  return changed.map((name) => `modules.${name}`);
}

async function refreshGrains({ grains }: MinionContext): Promise<string[]> {
  return (await grains.refresh()).map((name) => `grains.${name}`);
}

function customNames(folders: unknown): readonly string[] {
  return [...findCustomFiles((folders ?? []) as readonly string[], [], process.geteuid?.() ?? -1).keys()].sort();
}

function otherJobs(context: MinionContext): RunningJob[] {
  return context.jobs.running().filter((job) => job.jid !== context.jid);
}

function jobItem(job: RunningJob): Readonly<Record<string, unknown>> {
  const { jid, fun, arg, tgt, tgt_type, user, pid } = job;
  return { jid, fun, arg, tgt, tgt_type, ret: '', user, pid };
}

function signalJob(context: MinionContext, jid: string, signal: number): string {
  const job = context.jobs.running().find((running) => running.jid === jid);
  if (job === undefined || !context.jobs.signal(jid, signal)) return '';
  return `Signal ${signal} sent to job ${jid} at pid ${job.pid}`;
}
