import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import { type CommandResult, type Program, startTool } from './program.ts';

const tools = ['curl', 'mosquitto_sub', 'mosquitto_pub', 'mosquitto_rr', 'stdbuf'];
const isInstalled = tools.every((name) => spawnSync(name, ['--help']).error === undefined);
const isRequired = process.env.CI === 'true' || process.env.BRINE_REQUIRE_MOSQUITTO === '1';

/** A suite that needs mosquitto's clients: skipped where there are none, unless they are required, as in CI. */
export function describeMosquitto(name: string, tests: () => void): void {
  if (isInstalled || isRequired) describe(name, tests);
  else describe.skip(`${name} (skipped: mosquitto-clients, stdbuf or curl is not installed)`, tests);
}

/** One message as `mosquitto_sub -v` prints it. */
export interface Printed {
  readonly topic: string;
  readonly text: string;
}

/** A `mosquitto_sub` that runs. */
export interface Subscriber extends Program {
  /** What it printed so far. */
  messages(): readonly Printed[];
}

/** Resolves when the broker granted the subscription. */
export async function subscribe(args: readonly string[]): Promise<Subscriber> {
  // Into a pipe it writes whole blocks, and says that it has subscribed only when it is full of messages.
  const program = startTool('stdbuf', ['-oL', 'mosquitto_sub', ...args, '-v', '-d']);
  const subscriber = { ...program, messages: () => printedMessages(program.text()) };
  await program.line(/^Subscribed /);
  return subscriber;
}

/** With `-d` it tells its own doings in between, each in a line that begins with one of these words. */
function printedMessages(text: string): Printed[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '' && !/^(Client |Subscribed )/.test(line))
    .map((line) => {
      const end = line.indexOf(' ');
      return { topic: line.slice(0, end), text: line.slice(end + 1) };
    });
}

/** Runs `mosquitto_pub`, `mosquitto_rr` or a `mosquitto_sub` that ends by itself. */
export function runMosquitto(
  name: 'mosquitto_pub' | 'mosquitto_rr' | 'mosquitto_sub',
  args: readonly string[],
): Promise<CommandResult> {
  return startTool(name, args).ended;
}
