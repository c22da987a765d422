import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './fleet_processes.ts';
import type { GuideFile } from './guide_page.ts';
import { repositoryRoot } from './source_tree.ts';

const PROGRAM = ['broker', 'cli', 'config', 'examples', 'master', 'minion', 'scripts', 'shared', 'package.json'];
/** What the test of a module needs. */
const TESTS = ['test/contract', 'test/support', 'vitest.config.ts'];
/** How long anything of this may take before something is wrong, milliseconds. */
const PATIENCE_MS = 60_000;
/** Ends the output of a command; no command prints it. */
const END = '\u001e';
/** Ends what `npm start` prints before it streams events. */
const READY = 'until Ctrl-C';
const DEBUG_LINES = /^(Client .* (sending|received) |Subscribed \(mid).*\n/gm;

/** A copy of the program in a directory of its own, with these files added, built. */
export async function buildCopy(files: readonly GuideFile[]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'brine-guide-'));
  for (const part of [...PROGRAM, ...TESTS]) cpSync(join(repositoryRoot, part), join(home, part), { recursive: true });
  symlinkSync(join(repositoryRoot, 'node_modules'), join(home, 'node_modules'));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: home });
  return home;
}

interface Ports {
  readonly tls: number;
  readonly tcp: number;
  readonly metrics: number;
}

/** What `npm start` starts, and two kinds of terminals beside it. */
export interface DemoFleet {
  /** What `npm start` printed until it was ready. */
  readonly greeting: string;
  /** Types a command into the one terminal; resolves to what it prints. */
  type(command: string): Promise<string>;
  /** `mosquitto_sub …` in a terminal of its own; resolves when it is subscribed. */
  watch(command: string): Promise<{ readonly ended: Promise<string> }>;
  stop(): Promise<void>;
}

/** A fleet that nobody has used before. */
export async function startDemoFleet(home: string): Promise<DemoFleet> {
  rmSync(join(home, '.brine'), { recursive: true, force: true });
  mkdirSync(join(home, '.brine'));
  const [{ tls, tcp }, { tcp: metrics }] = await Promise.all([freePorts(), freePorts()]);
  const ports: Ports = { tls, tcp, metrics };
  writeFileSync(join(home, '.brine', 'ports.json'), JSON.stringify(ports));
  const script = "import('./dist/scripts/demo.js').then(({ runDemo }) => runDemo([]))";
  const demo = spawn(process.execPath, ['-e', script], { cwd: home });
  const greeting = await printed(demo, (text) => text.includes(READY));
  if (!greeting.includes(READY)) throw new Error(`the demo ended: ${greeting}`);
  const watchers: ChildProcess[] = [];
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const shell = spawn('sh', [], { cwd: home, env, detached: true });
  shell.stdin.write('exec 2>&1\n');
  const asWritten = (text: string): string => forReaders(text, ports);
  return {
    greeting: asWritten(greeting),
    async type(command) {
      const output = printed(shell, (text) => text.endsWith(`${END}\n`));
      // The status of the command is there for the next one, as in any terminal.
      shell.stdin.write(`{ ${forFleet(command, ports)}\n} </dev/null; status=$?; echo '${END}'; (exit $status)\n`);
      return asWritten((await output).slice(0, -`${END}\n`.length));
    },
    async watch(command) {
      // With `-d` it tells when it is subscribed, among other things, and without stdbuf it would tell that at its end.
      const child = spawn('sh', ['-c', `exec stdbuf -oL ${forFleet(command, ports)} -d`], { cwd: home });
      watchers.push(child);
      const ended = printed(child, () => false).then((text) => asWritten(text.replace(DEBUG_LINES, '')));
      // Whoever waits for it hears of its failure.
      ended.catch(() => undefined);
      await printed(child, (text) => text.includes('Subscribed (mid'));
      return { ended };
    },
    async stop() {
      const ended = Promise.all([once(demo, 'close'), once(shell, 'exit')]);
      for (const watcher of watchers) watcher.kill();
      demo.kill('SIGINT');
      // With all that was started from it.
      process.kill(-(shell.pid as number), 'SIGTERM');
      await ended;
    },
  };
}

/** Pages write the usual ports. */
function forFleet(command: string, { tls, tcp, metrics }: Ports): string {
  const chosen: Readonly<Record<string, number>> = { '8883': tls, '1883': tcp, '9464': metrics };
  return command.replace(/(?<=-p |SALT_PORT=|127\.0\.0\.1:)(1883|8883|9464)\b/g, (port) => String(chosen[port]));
}

function forReaders(output: string, { tcp }: Ports): string {
  const { username } = userInfo();
  const text = output.replaceAll(`-p ${tcp}`, '-p 1883');
  return username === 'root' ? text : text.replace(new RegExp(`\\b${username}\\b`, 'g'), 'root');
}

/** What a process prints until the text is enough or the process ends. Rejects when that takes too long. */
function printed(child: ChildProcessWithoutNullStreams, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => finish(new Error(`still waiting after ${PATIENCE_MS} ms; printed: ${text}`)),
      PATIENCE_MS,
    );
    const read = (chunk: Buffer): void => {
      text += chunk;
      if (isEnough(text)) finish();
    };
    const end = (): void => finish();
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.off('data', read);
      child.off('close', end);
      if (error === undefined) resolve(text);
      else reject(error);
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', read);
    child.once('close', end);
  });
}
