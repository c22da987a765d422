import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { anonymousMb, cpuMs, pssMb } from '../../bench/lib/own_process.ts';
import { until } from '../support/until.ts';

/** How it is with a process at one moment. */
export interface Sample {
  /** Since the load began, minutes. */
  readonly atMinutes: number;
  readonly heapMb: number;
  /** Memory that JavaScript objects hold outside of the heap, buffers above all. */
  readonly externalMb: number;
  /** Memory of its own: heap, buffers, what OpenSSL and malloc hold. No pages of files. */
  readonly anonymousMb: number;
  readonly pssMb: number;
  readonly files: number;
  readonly cpuMs: number;
  /** How late its event loop was since the sample before. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** All garbage was collected before: what is there is held. */
  readonly isCollected: boolean;
}

/** What is held when nothing goes on: the same before and after the load unless something leaks. */
export interface Census {
  readonly timers: number;
  readonly sockets: number;
  readonly signals: number;
  /** File descriptors, by what they lead to. */
  readonly files: Readonly<Record<string, number>>;
}

export interface Probe {
  sample(atMinutes: number, isCollected: boolean): Promise<Sample>;
  census(): Promise<Census>;
  close(): void;
}

/** Asks a process that `probed.mjs` runs. */
export async function openProbe(socketPath: string, pid: number): Promise<Probe> {
  const socket = await connectSoon(socketPath);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = (question: string): Promise<Record<string, number>> => {
    const answer = last.then(async () => {
      socket.write(`${question}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the process ${pid} ended while it was measured`);
      return JSON.parse(value) as Record<string, number>;
    });
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    async sample(atMinutes, isCollected) {
      const told = (await ask(isCollected ? 'collect' : 'sample')) as unknown as Sample;
      const files = readdirSync(`/proc/${pid}/fd`).length;
      const seen = { anonymousMb: anonymousMb(pid), pssMb: pssMb(pid), files, cpuMs: cpuMs(pid) };
      return { ...told, ...seen, atMinutes, isCollected };
    },
    async census() {
      const held = (await ask('census')) as unknown as Omit<Census, 'files'>;
      return { ...held, files: filesOf(pid) };
    },
    close: () => socket.destroy(),
  };
}

/** The process may not listen yet. */
async function connectSoon(socketPath: string): Promise<Socket> {
  let opened: Socket | undefined;
  await until(`${socketPath} is there`, async () => {
    const socket = connect(socketPath);
    opened = await once(socket, 'connect').then(
      () => socket,
      () => undefined,
    );
    return opened !== undefined;
  });
  return opened as Socket;
}

/** `socket:[1234]` and `anon_inode:[eventpoll]` by their kind, files by their path. */
function filesOf(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const kind = readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '');
      counts[kind] = (counts[kind] ?? 0) + 1;
    } catch {
      // Closed since the list was read.
    }
  }
  return counts;
}
