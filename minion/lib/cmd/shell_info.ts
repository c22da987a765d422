import type { MinionContext } from '../../context.ts';
import { findExecutable } from '../find_executable.ts';
import { searchPath } from '../run_command.ts';

/** How a shell, or the language of a script, is asked for its version, and what stands around it in the answer. */
const questions = {
  bash: ['--version', /version (\d\S*)/],
  fish: ['--version', /version (\d\S*)/],
  ksh: ['--version', /version\s+sh \([^)]*\) (\d\S*)/],
  perl: ['-v', /\(v(\d[\d.]*)\)/],
  php: ['-v', /^PHP (\d\S*)/m],
  pwsh: ['--version', /^PowerShell (\d\S*)/m],
  python: ['-V', /^Python (\d\S*)/m],
  python3: ['-V', /^Python (\d\S*)/m],
  ruby: ['-v', /^ruby (\d\S*)/m],
  tcsh: ['--version', /^tcsh (\d\S*)/m],
  zsh: ['--version', /^zsh (\d\S*)/m],
} as const satisfies Record<string, readonly [string, RegExp]>;

export type KnownShell = keyof typeof questions;
export const knownShells = Object.keys(questions) as KnownShell[];
const ANSWER_MS = 10_000;

export interface ShellInfo {
  readonly installed: boolean;
  readonly path?: string;
  /** Numbers and points; null when the shell says no version. */
  readonly version?: string | null;
  readonly version_raw?: string | null;
}

/** Looks for a shell on this machine and asks it for its version. */
export async function shellInfo(context: MinionContext, shell: KnownShell): Promise<ShellInfo> {
  const path = await findExecutable(shell, searchPath(context));
  if (path === undefined) return { installed: false };
  const [option, pattern] = questions[shell];
  const { stdout } = await context.exec([path, option], { mergeStderr: true, timeoutMs: ANSWER_MS });
  const raw = pattern.exec(stdout)?.[1]?.replace(/,$/, '');
  const version = /^\d+(?:\.\d+)*/.exec(raw ?? '')?.[0];
  return { installed: true, path, version: version ?? null, version_raw: raw ?? null };
}
