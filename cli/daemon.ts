import { appendFileSync, createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../shared/clock.ts';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import { createLogger, type Logger, type LogLevel, type LogSink, logLevels } from '../shared/log.ts';
import { addCommonOptions, type CommonOptions } from './command_options.ts';

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

/** What flags say, by configuration key. */
export function daemonOverrides(options: DaemonOptions): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries({
      log_level: options.logLevel,
      log_file: options.logFile,
      log_level_logfile: options.logFileLevel,
      pidfile: options.pidFile,
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

/** To the terminal and to the log file. Throws FILE_UNREADABLE when the file cannot be written. */
export function openLog(config: DaemonConfig): Logger {
  const sinks: LogSink[] = [
    { level: config.log_level, format: config.log_format, write: (line) => void process.stderr.write(`${line}\n`) },
  ];
  if (config.log_file !== null) {
    const stream = openLogFile(config.log_file);
    sinks.push({
      level: config.log_level_logfile,
      format: config.log_format,
      write: (line) => void stream.write(`${line}\n`),
    });
  }
  return createLogger(sinks, () => systemClock.nowMs());
}

function openLogFile(path: string) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, '', { mode: 0o640 });
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `the log file ${path} cannot be written: ${systemErrorCode(cause)}`, {
      hint: 'set log_file to another place, or to null',
      cause,
    });
  }
  const stream = createWriteStream(path, { flags: 'a' });
  // A full disk must not end the daemon; the terminal still hears everything.
  stream.on('error', (error) => process.stderr.write(`the log file ${path} cannot be written: ${error.message}\n`));
  return stream;
}

/** A daemon that runs: it ends by itself only when something is wrong that waiting cannot mend. */
export interface Running {
  readonly done?: Promise<void>;
  stop(): Promise<void>;
}

/** Runs until SIGTERM or SIGINT, with a pid file. Resolves to the exit status; rejects with what ended it. */
export async function runDaemon(config: DaemonConfig, log: Logger, start: () => Promise<Running>): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        log.info(`stopping on ${name}`);
        resolve();
      });
    }
  });
  process.on('SIGHUP', () => log.info('SIGHUP: the configuration is read at start only'));
  process.on('unhandledRejection', (error) => reportBug(log, error));
  process.on('uncaughtException', (error) => reportBug(log, error));
  const running = await start();
  writePidFile(config.pidfile);
  try {
    await Promise.race([stopped, running.done ?? stopped]);
  } finally {
    await running.stop();
    rmSync(config.pidfile, { force: true });
  }
  return 0;
}

/** A bug must not take the daemon down with all that it still does right; it is told, with the stack at debug. */
function reportBug(log: Logger, error: unknown): void {
  log.error('a bug was caught and the daemon goes on', { error: String(error) });
  if (error instanceof Error) log.debug(error.stack ?? '');
}

function writePidFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${process.pid}\n`);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `the pid file ${path} cannot be written: ${systemErrorCode(cause)}`, {
      hint: 'set pidfile or root_dir to a place that this user may write',
      cause,
    });
  }
}

/** Throws USAGE for a level that there is not. */
export function checkLogLevel(level: string | undefined): void {
  if (level === undefined || (logLevels as readonly string[]).includes(level)) return;
  throw new FleetError('USAGE', `there is no log level '${level}'`, { hint: `use one of ${logLevels.join(', ')}` });
}
