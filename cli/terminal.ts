import type { Terminal } from './command_line.ts';

/** 128 and the number of SIGINT: what runs after `salt … &&` must not take an interrupted command for a success. */
const INTERRUPTED = 130;

/** The real terminal. The first Ctrl-C is told and ends the command; what runs on minions goes on. */
export function processTerminal(): Terminal {
  let hasStatus = false;
  // Whoever closed it does not want to read.
  process.stderr.on('error', () => undefined);
  const clear = (): void => {
    if (hasStatus) process.stderr.write('\r\u001b[K');
    hasStatus = false;
  };
  return {
    isTerminal: process.stdout.isTTY === true,
    out(text) {
      clear();
      if (text !== '') process.stdout.write(`${text}\n`);
    },
    err(text) {
      clear();
      process.stderr.write(`${text}\n`);
    },
    status(text) {
      clear();
      if (text === '' || process.stderr.isTTY !== true) return;
      process.stderr.write(text);
      hasStatus = true;
    },
    onInterrupt(run) {
      process.once('SIGINT', () => {
        run();
        process.exit(INTERRUPTED);
      });
    },
  };
}
