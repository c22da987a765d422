import { PyError } from '../../values/py_error.ts';
import { HostFunction, type PyCallable } from '../../values/py_function.ts';
import type { NamedFilter } from '../pure_filter.ts';

/** Filters that ask the machine or the network, which only the caller can reach. */
const machineFilterNames = [
  'dns_check',
  'file_hashsum',
  'get_uid',
  'http_query',
  'is_bin_file',
  'is_empty',
  'is_text_file',
  'list_files',
  'which',
] as const;

/** What the caller hands in: each gets the filter's value as its first argument and may answer a promise. */
export type MachineFunctions = Readonly<Partial<Record<(typeof machineFilterNames)[number], PyCallable>>>;

/** The machine's filters; those that are not handed in are errors when they are used. */
export function machineFilters(machine: MachineFunctions): readonly NamedFilter[] {
  return machineFilterNames.map((name): NamedFilter => {
    const run = machine[name];
    if (run === undefined) return [name, () => refuse(name)];
    const callee = new HostFunction(name, run);
    return [name, (scope, args, kwargs) => scope.call(callee, args, kwargs)];
  });
}

function refuse(name: string): never {
  throw new PyError('TemplateRuntimeError', `the filter '${name}' cannot be used here: it needs the machine`);
}
