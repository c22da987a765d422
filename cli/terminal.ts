import type { Terminal } from './command_line.ts';

/** 128 and the number of SIGINT: what runs after `salt … &&` must not take an interrupted command for a success. */
const INTERRUPTED = 130;

/** Up by so many lines, to their beginning, and everything from there erased. */
const erase = (lines: number): string => `\r${lines > 1 ? `\u001b[${lines - 1}A` : ''}\u001b[J`;
/** Without automatic wrapping a line stays one line, whatever the terminal thinks how wide its characters are. */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';

/** The real terminal. The first Ctrl-C is told and ends the command; what runs on minions goes on. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  let shown: readonly string[] = [];
  // Whoever closed it does not want to read.
  stderr.on('error', () => undefined);
  const clear = (): void => {
    if (shown.length > 0) stderr.write(erase(shown.length));
    shown = [];
  };
  // A write for each of a thousand answers takes longer than the answers; into a file, corking the stream saves none.
  let gathered: string[] = [];
  const flush = (): void => {
    const texts = gathered;
    gathered = [];
    if (texts.length > 0) stdout.write(`${texts.join('\n')}\n`);
  };
  process.once('exit', flush);
  return {
    isTerminal: stdout.isTTY === true,
    out(text) {
      clear();
      if (text === '') return;
      if (gathered.push(text) === 1) setImmediate(flush);
    },
    err(text) {
      flush();
      clear();
      stderr.write(`${text}\n`);
    },
    // A pseudo terminal whose size nobody set says 0.
    width: () => (stderr.isTTY === true ? stderr.columns || 80 : undefined),
    status(all) {
      // What has scrolled away could not be erased.
      const lines = all.slice(0, Math.max(1, (stderr.rows || 24) - 1));
      if (stderr.isTTY !== true || lines.join('\n') === shown.join('\n')) return;
      const old = shown.length > 0 ? erase(shown.length) : '';
      flush();
      // In one piece, so that nothing is seen half drawn.
      stderr.write(lines.length === 0 ? old : `${old}${WRAP_OFF}${lines.join('\n')}${WRAP_ON}`);
      shown = lines;
    },
    onInterrupt(run) {
      process.once('SIGINT', () => {
        run();
        process.exit(INTERRUPTED);
      });
    },
  };
}
