import type { Terminal } from './command_line.ts';

/** The real terminal. The first Ctrl-C is told and ends the command; what runs on minions goes on. */
export function processTerminal(): Terminal {
  let hasStatus = false;
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
        process.exit(0);
      });
    },
  };
}
