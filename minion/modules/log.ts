import { Text } from '../../shared/plugin/args.ts';
import { defineModule, fn } from '../context.ts';

function logFn(name: string, level: 'debug' | 'info' | 'warning' | 'error') {
  return fn({
    summary: `Write a message of level ${level} into the log of the minion.`,
    args: { message: Text },
    returns: '``True``.',
    examples: [`salt '*' log.${name} 'that is an ${name}'`],
    run({ log }, { message }) {
      log[level](message);
      return true;
    },
  });
}

export default defineModule({
  summary: "Write into the minion's log.",
  functions: {
    debug: logFn('debug', 'debug'),
    info: logFn('info', 'info'),
    warning: logFn('warning', 'warning'),
    error: logFn('error', 'error'),
    critical: logFn('critical', 'error'),
    exception: logFn('exception', 'error'),
  },
});
