import { rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { createLogger, type Logger, type LogLevel, type LogSink } from '../shared/log.ts';
import { makeWithParentsSync } from '../shared/make_with_parents.ts';
import { systemReason } from '../shared/system_reason.ts';
import { addCommonOptions, type CommonOptions } from './command_options.ts';
import { openLogFile } from './log_file.ts';
import { findServiceManager } from './service_manager.ts';

export interface DaemonOptions extends CommonOptions {
  readonly logFile?: string;
  readonly logFileLevel?: string;
  readonly pidFile?: string;
}

export function addDaemonOptions(command: Command): Command {
  return addCommonOptions(command)
    .option('--log-file <path>', 'the log file, instead of the configured one')
    .option('--log-file-level <level>', 'least severe level written to the log file')
    .option('--pid-file <path>', 'the file that holds the process id');
}

/** What flags say, by configuration key; a file is below the working directory, as with any command. */
export function daemonOverrides(options: DaemonOptions): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries({
      log_level: options.logLevel,
      log_file: options.logFile && resolve(options.logFile),
      log_level_logfile: options.logFileLevel,
      pidfile: options.pidFile && resolve(options.pidFile),
    }).filter(([, value]) => value !== undefined),
  );
}

export interface DaemonConfig {
  readonly log_file: string | null;
  readonly log_level: LogLevel;
  readonly log_level_logfile: LogLevel;
  readonly log_format: 'text' | 'json';
  readonly pidfile: string;
}

export interface DaemonLog extends Logger {
  /** Opens the log file anew. */
  reopen(): void;
}

/** To the terminal and to the log file. Throws FILE_UNREADABLE when the file cannot be written. */
export function openLog(config: DaemonConfig): DaemonLog {
  const { log_level: level, log_level_logfile: fileLevel, log_format: format } = config;
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  // Whoever read it is gone. Unheard, the error would be a bug to report, on standard error, without end.
  process.stderr.on('error', () => undefined);
  const file = config.log_file === null ? undefined : openLogFile(config.log_file, systemClock, tell);
  const sinks: LogSink[] = [
    { level, format, write: tell },
    ...(file === undefined ? [] : [{ level: fileLevel, format, write: file.write }]),
  ];
  return { ...createLogger(sinks, systemClock.nowMs), reopen: () => file?.reopen() };
}

/** A daemon that runs: it ends by itself only when something is wrong that waiting cannot mend. */
export interface Running {
  readonly done?: Promise<void>;
  /** Tells how it is, in a text for people, as soon as that is known and whenever it changes. Left out: it is up. */
  watchStatus?(hear: (status: string) => void): void;
  stop(): Promise<void>;
}

/** Runs until SIGTERM or SIGINT, with a pid file. Resolves to the exit status; rejects with what ended it. */
export async function runDaemon(config: DaemonConfig, log: DaemonLog, start: () => Promise<Running>): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        log.info(`stopping on ${name}`);
        resolve();
      });
    }
  });
  process.on('SIGHUP', () => {
    log.reopen();
    log.info('SIGHUP: the log file is open anew; the configuration is read at start only');
  });
  process.on('unhandledRejection', (error) => reportBug(log, error));
  process.on('uncaughtException', (error) => reportBug(log, error));
  const manager = findServiceManager(process.env, log);
  const running = await start().catch((error: unknown) => {
    // What it has open by then must not keep a process that serves nobody; why it ends is told first.
    systemClock.after(0, () => process.exit());
    throw error;
  });
  try {
    // Not before it runs: a second daemon, which cannot start, must leave the file of the first alone.
    writePidFile(config.pidfile);
    if (running.watchStatus === undefined) manager.ready();
    else running.watchStatus(manager.ready);
    await Promise.race([stopped, running.done ?? stopped]);
  } finally {
    await Promise.all([manager.stopping(), running.stop()]);
  }
  rmSync(config.pidfile, { force: true });
  return 0;
}

/** A bug must not take the daemon down with all that it still does right; it is told, with the stack at debug. */
function reportBug(log: Logger, error: unknown): void {
  log.error('a bug was caught and the daemon goes on', { error: String(error) });
  if (error instanceof Error) log.debug(error.stack ?? '');
}

function writePidFile(path: string): void {
  try {
    makeWithParentsSync(dirname(path));
    writeFileSync(path, `${process.pid}\n`);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `the pid file ${path} cannot be written: ${systemReason(cause)}`, {
      hint: 'set pidfile or root_dir to a place that this user may write',
      cause,
    });
  }
}
