import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openConnection } from '../../shared/client/connection.ts';
import { systemClock } from '../../shared/clock.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { ownerName } from './owner_name.ts';

/** A daemon of this machine, as its socket, its pid file and /proc show it. */
export interface Daemon {
  readonly name: 'salt-master' | 'salt-minion';
  readonly socket: string;
  /**
   * `missing`: there is no such file; `deserted`: nobody listens; `forbidden`: this user may not connect; `silent`:
   * somebody listens and does not answer; `quiet`: it serves nobody there, and is not meant to.
   */
  readonly state: 'answers' | 'missing' | 'deserted' | 'forbidden' | 'silent' | 'quiet';
  /** Of the socket. */
  readonly owner?: string;
  /** Of the pid file, when such a process of that name runs. */
  readonly pid?: number;
  /** Descriptors that it may open at a time, and that it has open. */
  readonly filesMax?: number;
  readonly filesOpen?: number;
}

export interface DaemonPlace {
  readonly name: Daemon['name'];
  readonly socket: string;
  readonly pidfile: string;
  /** A minion of profile lite: it holds its socket and lets everybody go. */
  readonly isQuiet?: boolean;
  /** How long an answer is waited for. */
  readonly answerMs?: number;
  /** Where processes are seen. */
  readonly proc?: string;
}

const ANSWER_MS = 3000;
const STATES: Readonly<Record<string, Daemon['state']>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ECONNREFUSED: 'deserted',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
};

export async function lookAtDaemon(place: DaemonPlace): Promise<Daemon> {
  const { name, socket, pidfile, isQuiet = false, answerMs = ANSWER_MS, proc = '/proc' } = place;
  const [state, owner, pid] = await Promise.all([
    socketState(socket, isQuiet, answerMs),
    ownerOf(socket),
    firstLivingPid([pidfile, join(dirname(socket), basename(pidfile))], name, proc),
  ]);
  const process = pid === undefined ? {} : { pid, ...(await filesOf(`${proc}/${pid}`)) };
  return { name, socket, state, ...(owner !== undefined && { owner }), ...process };
}

async function socketState(path: string, isQuiet: boolean, answerMs: number): Promise<Daemon['state']> {
  const from = systemClock.monotonicMs();
  try {
    const connection = await openConnection({
      endpoint: { kind: 'unix', path },
      clientId: `doctor-${process.pid}`,
      keepaliveSeconds: 60,
      connectTimeoutMs: answerMs,
      received: () => undefined,
    });
    await connection.close();
    return 'answers';
  } catch (error) {
    const code = systemErrorCode(error instanceof FleetError ? error.cause : error);
    // Who does not even let us go in time is frozen.
    const isFrozen = systemClock.monotonicMs() - from >= answerMs;
    return STATES[code ?? ''] ?? (isQuiet && !isFrozen ? 'quiet' : 'silent');
  }
}

async function ownerOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && ownerName(stats.uid);
}

/** The unit of `config/systemd` lets the master write beside its socket, not where `pidfile` says. */
async function firstLivingPid(files: readonly string[], name: string, proc: string): Promise<number | undefined> {
  const found = await Promise.all(files.map((file) => livingPid(file, name, proc)));
  return found.find((pid) => pid !== undefined);
}

/** A pid file outlives a process that was killed, and the number may be another's by now. */
async function livingPid(pidfile: string, name: string, proc: string): Promise<number | undefined> {
  const text = await readFile(pidfile, 'utf8').catch(() => '');
  const pid = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  if (pid === undefined) return undefined;
  const command = await readFile(`${proc}/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes(name) ? Number(pid) : undefined;
}

/** Which files are open is told to its owner and to root alone. */
async function filesOf(process: string): Promise<Pick<Daemon, 'filesMax' | 'filesOpen'>> {
  const limits = await readFile(`${process}/limits`, 'utf8').catch(() => '');
  const max = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  const open = await readdir(`${process}/fd`).catch(() => undefined);
  return {
    ...(max !== undefined && { filesMax: max === 'unlimited' ? Number.POSITIVE_INFINITY : Number(max) }),
    ...(open !== undefined && { filesOpen: open.length }),
  };
}
