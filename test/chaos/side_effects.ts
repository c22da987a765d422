import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../shared/errors.ts';

export interface SideEffect {
  readonly token: string;
  readonly id: string;
  /** Seconds UTC, by the clock that the master has too. */
  readonly at: number;
}

/** The lines that jobs appended. */
export function readSideEffects(path: string): readonly SideEffect[] {
  return readText(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [token = '', id = '', at] = line.split(' ');
      return { token, id, at: Number(at) };
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return '';
  }
}
