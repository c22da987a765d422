import * as v from 'valibot';
import { Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { findExecutable } from '../find_executable.ts';
import { searchPath } from '../run_command.ts';

/**
 * Long enough for the return to reach the disk and the master: a job that runs while the minion is stopped is one of
 * which nobody knows how it ended.
 */
const GRACE_SECONDS = 3;

/** `now`, minutes, or a time of the day, as shutdown takes them. */
const Moment = v.pipe(
  Text,
  v.regex(/^(now|\+?\d+|\d{1,2}:\d{2})$/, 'must be now, a number of minutes, or a time such as 23:30'),
  v.transform((moment) => (/^\+?0+$/.test(moment) ? 'now' : moment.replace(/^\d+$/, '+$&'))),
);
const Runlevel = v.pipe(Text, v.regex(/^[0-6abcsqu]$/i, 'must be a runlevel: 0 to 6, S'));
/** In these the minion is stopped. */
const ENDING = /^[016s]$/i;

const description = `It begins ${GRACE_SECONDS} seconds after the return, so that the return is not lost.`;

export const powerFunctions = {
  halt: fn({
    summary: 'Halt the machine.',
    description,
    args: {},
    examples: ["salt '*' system.halt"],
    run: (context) => endSoon(context, ['halt']),
  }),
  poweroff: fn({
    summary: 'Switch the machine off.',
    description,
    args: {},
    examples: ["salt '*' system.poweroff"],
    run: (context) => endSoon(context, ['poweroff']),
  }),
  reboot: fn({
    summary: 'Start the machine anew.',
    description: `at_time is a number of minutes or a time of the day.\n\n${description}`,
    args: { at_time: v.optional(Moment) },
    returns: 'what shutdown says; an empty text when it is now.',
    examples: ["salt '*' system.reboot", "salt '*' system.reboot 5"],
    run: (context, { at_time }) => shutDown(context, '-r', 'reboot', at_time),
  }),
  shutdown: fn({
    summary: 'Shut the machine down and switch it off.',
    description: `at_time is a number of minutes or a time of the day.\n\n${description}`,
    args: { at_time: v.optional(Moment) },
    returns: 'what shutdown says; an empty text when it is now.',
    examples: ["salt '*' system.shutdown", "salt '*' system.shutdown 5"],
    run: (context, { at_time }) => shutDown(context, '-h', 'poweroff', at_time),
  }),
  init: fn({
    summary: 'Change the runlevel.',
    args: { runlevel: Runlevel },
    examples: ["salt '*' system.init 3"],
    run: (context, { runlevel }) =>
      ENDING.test(runlevel) ? endSoon(context, ['init', runlevel]) : runNow(context, ['init', runlevel]),
  }),
};

async function shutDown(
  context: MinionContext,
  flag: '-r' | '-h',
  program: 'reboot' | 'poweroff',
  moment = 'now',
): Promise<string> {
  if (moment !== 'now') return runNow(context, ['shutdown', flag, moment]);
  // BusyBox has no shutdown.
  const hasShutdown = (await findExecutable('shutdown', searchPath(context))) !== undefined;
  return endSoon(context, hasShutdown ? ['shutdown', flag, 'now'] : [program]);
}

async function runNow({ exec }: MinionContext, argv: readonly [string, ...string[]]): Promise<string> {
  const { retcode, stdout } = await exec(argv, { mergeStderr: true, env: { LC_ALL: 'C' } });
  if (retcode !== 0) throw commandFailed(`${argv.join(' ')}: ${stdout.trim()}`);
  return stdout.trimEnd();
}

/** A process of its own waits, and does it: nothing that it says would be heard. */
async function endSoon(context: MinionContext, argv: readonly [string, ...string[]]): Promise<''> {
  const [name, ...args] = argv;
  const program = await findExecutable(name, searchPath(context));
  if (program === undefined) throw commandFailed(`${name} is not installed on this machine`);
  const script = `sleep ${GRACE_SECONDS}; exec "$@"`;
  await context.exec(['sh', '-c', script, 'sh', program, ...args], { background: true });
  return '';
}
