import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';
import { type CommandResult, type Program, startTool } from './program.ts';
import { repositoryRoot } from './source_tree.ts';
import { until } from './until.ts';

/** A container whose first process is systemd, with this checkout in `/opt/brine`; what it writes is forgotten. */
export interface SystemdMachine {
  /** Runs a script of `sh -eu` in it, as root in `/opt/brine`. */
  shell(script: string): Promise<CommandResult>;
  /** Resolves when it is up again. */
  reboot(): Promise<void>;
  stop(): Promise<void>;
}

const script = join(repositoryRoot, 'test/fixtures/services/boot_systemd.sh');
const hierarchies = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];
const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Nothing of the tests' own environment. */
const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'NO_COLOR=1'];

/** Resolves when the machine is up; rejects with what this machine lacks for it. */
export async function bootSystemd(): Promise<SystemdMachine> {
  const group = `brine-systemd-${process.pid}`;
  const container = startTool('unshare', [...namespaces, 'sh', script, repositoryRoot, process.execPath, group]);
  let first: number | undefined;

  const shell = async (text: string): Promise<CommandResult> => {
    const target = ['--all', '--target', String(first)];
    return startTool('nsenter', [...target, 'env', '-i', '-C', '/opt/brine', ...environment, 'sh', '-euc', text]).ended;
  };
  const isUp = async (): Promise<boolean> => {
    first = firstProcess(container);
    if (first === undefined) return false;
    const { stdout } = await shell('systemctl is-system-running');
    return ['running', 'degraded'].includes(stdout.trim());
  };
  const stop = async (): Promise<void> => {
    container.kill('SIGKILL');
    await container.ended;
    for (const hierarchy of hierarchies) {
      await until(`${group} is empty`, () => isRemoved(join(hierarchy, group)));
    }
  };
  const untilUp = (): Promise<void> => {
    const ended = container.ended.then(() => {
      throw new Error('systemd-nspawn ended');
    });
    return Promise.race([until('systemd is up', isUp), ended]);
  };

  try {
    await untilUp();
  } catch (cause) {
    await stop();
    throw new Error(`systemd cannot be booted here: ${(cause as Error).message}\n${container.text()}`.trim(), {
      cause,
    });
  }
  return {
    shell,
    async reboot() {
      const before = first;
      await shell('systemctl reboot');
      await until('another first process', () => ![undefined, before].includes(firstProcess(container)));
      await untilUp();
    },
    stop,
  };
}

/** `unshare` starts the script, that starts systemd-nspawn, and that the container's first process. */
function firstProcess({ pid }: Program): number | undefined {
  const [nspawn] = childrenOf(pid).flatMap(childrenOf);
  return nspawn === undefined ? undefined : childrenOf(nspawn)[0];
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return [];
  }
}

/** A control group goes when its own groups have gone and no process is left in it. */
function isRemoved(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory() && !isRemoved(join(path, entry.name))) return false;
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY') return false;
    throw error;
  }
}
