import { readFileSync } from 'node:fs';
import type { Exec } from '../../minion/lib/exec.ts';
import { FleetError } from '../../shared/errors.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);

/**
 * Plays what programs really printed, written down as `$ command line`, its output, `stderr: ` before each line of
 * the other stream, and `[exit n]`. The command lines have to come in that order, each once; `left` has those that
 * did not come.
 */
export function replay(fixture: string): { readonly exec: Exec; left(): readonly string[] } {
  const records = readRecords(readFileSync(new URL(fixture, FIXTURES), 'utf8'));
  let next = 0;
  const exec: Exec = async (argv) => {
    const line = argv.join(' ');
    const record = records[next];
    if (record?.line !== line) {
      throw new FleetError('COMMAND_FAILED', `${fixture} has '${record?.line}' next, and this was run: ${line}`);
    }
    next += 1;
    return { pid: 1, timedOut: false, ...record };
  };
  return { exec, left: () => records.slice(next).map(({ line }) => line) };
}

function readRecords(text: string) {
  return text.split(/^\$ /m).flatMap((part, index) => {
    const [, line = '', output = '', retcode] = /^(.*)\n([\s\S]*)\[exit (\d+)\]\s*$/.exec(part) ?? [];
    if (retcode === undefined && index > 0) throw new Error(`no exit status: ${part}`);
    if (retcode === undefined) return [];
    const lines = output.split(/(?<=\n)/);
    const isError = (item: string) => item.startsWith('stderr: ');
    const stdout = lines.filter((item) => !isError(item)).join('');
    const stderr = lines.flatMap((item) => (isError(item) ? item.slice('stderr: '.length) : [])).join('');
    return [{ line, stdout, stderr, retcode: Number(retcode) }];
  });
}
