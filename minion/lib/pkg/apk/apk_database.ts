import type { FileRoot } from '../../file_root.ts';
import type { Package } from '../provider.ts';

/** One installed package of apk's database. */
export interface ApkPackage extends Package {
  /** Its fields by their letters. */
  readonly fields: ReadonlyMap<string, string>;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** The third version of apk keeps it below /usr. */
const PLACES = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'];

export async function readApkDatabase(files: FileRoot): Promise<ApkPackage[]> {
  for (const place of PLACES) {
    const text = await files.read(place);
    if (text !== undefined) return parseApkDatabase(text);
  }
  return [];
}

/** Paragraphs of `X:value`, where `F:` is a folder and each `R:` behind it a file there. Sorted by name. */
function parseApkDatabase(text: string): ApkPackage[] {
  const packages = text.split(/\n\n+/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    const files: string[] = [];
    let folder = '';
    for (const line of paragraph.split('\n')) {
      const key = line.slice(0, 1);
      const value = line.slice(2);
      if (key === 'F') folder = value;
      else if (key === 'R') files.push(`/${folder === '' ? '' : `${folder}/`}${value}`);
      else if (line[1] === ':') fields.set(key, value);
    }
    const name = fields.get('P');
    if (name === undefined) return [];
    return [{ name, version: fields.get('V') ?? '', arch: fields.get('A') ?? '', fields, files }];
  });
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The words of the file `world`: what was asked for, some with a version that it is bound to. */
export function parseWorld(text: string): { readonly name: string; readonly full: string }[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((full) => ({ name: full.split(/[<>=~@]/)[0] ?? '', full }));
}
