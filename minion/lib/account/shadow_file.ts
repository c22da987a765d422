import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';

/** Numbers are days, -1 where the file says nothing. */
export interface ShadowEntry {
  readonly name: string;
  readonly passwd: string;
  readonly lstchg: number;
  readonly min: number;
  readonly max: number;
  readonly warn: number;
  readonly inact: number;
  readonly expire: number;
}

/** The entries of etc/shadow below `root`; none when there is no such file. */
export async function readShadow(root: string): Promise<ShadowEntry[]> {
  const text = (await ifThere(readFile(join(root, 'etc/shadow'), 'utf8'))) ?? '';
  return text
    .split('\n')
    .filter((line) => /^[^#+-].*:/.test(line))
    .map((line) => {
      const [name = '', passwd = '', ...days] = line.split(':');
      const [lstchg = -1, min = -1, max = -1, warn = -1, inact = -1, expire = -1] = days.map((field) =>
        field === '' ? -1 : Number(field),
      );
      return { name, passwd, lstchg, min, max, warn, inact, expire };
    });
}
