import { columns, type FileRoot } from '../file_root.ts';

/** The numbers of /proc/meminfo by name, in KiB. */
export async function readMemory(files: FileRoot): Promise<Readonly<Record<string, number>>> {
  const rows = columns(await files.read('/proc/meminfo'));
  return Object.fromEntries(rows.map(([name = '', value]) => [name.replace(/:$/, ''), Number(value)]));
}
