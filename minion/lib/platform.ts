import { readlinkSync } from 'node:fs';
import * as os from 'node:os';
import { systemErrorCode } from '../../shared/errors.ts';
import { zoneOfLink } from './zone_of_link.ts';

/** What the operating system says by system calls and not by files, as a value: a test can be another machine. */
export interface Platform {
  readonly hostname: string;
  /** As `uname -s`: Linux, Darwin, FreeBSD. */
  readonly kernel: string;
  readonly kernelrelease: string;
  readonly kernelversion: string;
  /** Of the kernel, as `uname -m`. */
  readonly cpuarch: string;
  /** Of this program, in Node's words: `arm` also on a 64 bit kernel with a 32 bit system. */
  readonly arch: string;
  readonly cpuModels: readonly string[];
  readonly memoryBytes: number;
  readonly interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Undefined when somebody removed it. */
  readonly cwd: string | undefined;
  /** Olson name. */
  readonly timezone: string;
  /** East of Greenwich, now. */
  readonly utcOffsetMinutes: number;
}

/** Of this machine and process, now. */
export function systemPlatform(env: Readonly<Record<string, string | undefined>> = {}): Platform {
  return {
    hostname: os.hostname(),
    kernel: os.type(),
    kernelrelease: os.release(),
    kernelversion: os.version(),
    cpuarch: os.machine(),
    arch: process.arch,
    cpuModels: os.cpus().map(({ model }) => model),
    memoryBytes: os.totalmem(),
    interfaces: os.networkInterfaces(),
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    cwd: workingDirectory(),
    timezone: timezone(env.TZ),
    utcOffsetMinutes: -new Date().getTimezoneOffset(),
  };
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Intl knows it, too, and takes 13 ms and 2 MB to load what else it knows: it is asked where the link does not tell. */
function timezone(chosen: string | undefined): string {
  return (chosen ? undefined : linkedZone()) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function linkedZone(): string | undefined {
  try {
    return zoneOfLink(readlinkSync('/etc/localtime'));
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? 'UTC' : undefined;
  }
}
