import type { Terminal } from './command_line.ts';

/** The real terminal. The first Ctrl-C is told and ends the command; what runs on minions goes on. */
export function processTerminal(): Terminal {
  return {
    isTerminal: process.stdout.isTTY === true,
    out: (text) => void process.stdout.write(text === '' ? '' : `${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    onInterrupt(run) {
      process.once('SIGINT', () => {
        run();
        process.exit(0);
      });
    },
  };
}
