import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { systemErrorCode } from '../../shared/errors.ts';

/** What a program needs to be started: pipes, and what it reads. */
const SPARE = 32;

/** Lets this process open no file more, until the answer is called. */
export function openNoMoreFiles(): () => void {
  const limit = (max: number) => execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${max}:`]);
  const before = Number(
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile', '-o', 'SOFT', '--noheadings']),
  );
  limit(Math.max(...readdirSync('/proc/self/fd').map(Number)) + SPARE);
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (systemErrorCode(error) !== 'EMFILE') throw error;
  }
  return () => {
    for (const file of held) closeSync(file);
    limit(before);
  };
}
