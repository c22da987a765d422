import * as v from 'valibot';
import { errorLine } from '../../shared/errors.ts';
import { type BeaconContext, type BeaconEvent, defineBeacon } from '../beacon.ts';
import { createEventQueue, type EventQueue } from '../lib/beacon/event_queue.ts';
import { followLines } from '../lib/beacon/follow_lines.ts';
import { fileRoot } from '../lib/file_root.ts';
import { type ProcessInfo, readProcesses } from '../lib/processes.ts';

export default defineBeacon({
  summary: 'Tells every program that somebody starts in a shell.',
  description: 'It follows the shells of /etc/shells that run, by ``strace``, which makes them slower.',
  config: v.strictObject({}),
  example: [{ disable_during_state_run: true }],
  data: { cmd: 'the program', args: 'its arguments, from the name it is called by', user: 'whose shell it is' },
  unavailable: ({ root }) => {
    const files = fileRoot(root);
    return ['/usr/bin/strace', '/bin/strace'].some(files.exists) ? undefined : 'there is no strace';
  },
  async *watch(context) {
    const queue = createEventQueue<BeaconEvent>(context.signal, context.log);
    const followed = new Set<string>();
    for await (const _ of context.ticks()) {
      const shells = await readShells(context);
      for (const process of await readProcesses(context.root)) {
        if (followed.has(process.pid) || !shells.has(process.command)) continue;
        followed.add(process.pid);
        void follow(context, process, queue).finally(() => followed.delete(process.pid));
      }
      yield* queue.drain();
    }
  },
});

/** As Salt: a shell without arguments, which is one that somebody types in. A login shell has a `-` before its name. */
async function readShells({ root }: BeaconContext): Promise<ReadonlySet<string>> {
  const text = (await fileRoot(root).read('/etc/shells')) ?? '';
  const paths = text.split('\n').filter((line) => line.startsWith('/'));
  const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1));
  return new Set([...paths, ...names, ...names.map((name) => `-${name}`)]);
}

/** Until the shell ends, or strace does. */
async function follow(context: BeaconContext, { pid, user }: ProcessInfo, queue: EventQueue<BeaconEvent>) {
  try {
    const argv = ['strace', '-f', '-qq', '-s', '4096', '-e', 'trace=execve', '-e', 'signal=none', '-p', pid] as const;
    for await (const line of followLines(context, argv, 'stderr')) {
      const call = parseExecve(line);
      if (call !== undefined) queue.push({ tag: pid, data: { ...call, user } });
    }
  } catch (error) {
    context.log.debug('a shell is no longer followed', { pid, reason: errorLine(error) });
  }
}

/** `execve("/usr/bin/ls", ["ls", "-l"], 0x… /* 20 vars *\/) = 0`, with `[pid 7] ` before it for a child. */
function parseExecve(line: string): { cmd: string; args: string[] } | undefined {
  const call = /execve\((.*)/.exec(line)?.[1];
  if (call === undefined) return undefined;
  const [cmd, ...args] = [...call.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(["\\])/g, '$1'),
  );
  return cmd === undefined ? undefined : { cmd, args };
}
