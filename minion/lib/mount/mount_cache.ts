import { join } from 'node:path';
import { load } from 'js-yaml';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { isDict } from '../../../shared/python_text.ts';
import { fromJs } from '../../../shared/render/values/border.ts';
import { dumpYaml } from '../../../shared/render/yaml/dump_yaml.ts';
import { saltSchema } from '../../../shared/salt_yaml.ts';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { fileRoot } from '../file_root.ts';

export interface CachedMount {
  readonly device: string;
  readonly fstype: string;
  readonly mkmnt: boolean;
  readonly opts: unknown;
}

/** What was remembered of mounts, by mount point: options that the kernel does not tell, such as passwords' files. */
export function readMountCache(context: MinionContext): Readonly<Record<string, unknown>> {
  const cache = load(fileRoot(context.root).readText(join(folderOf(context), 'mounts')) ?? '{}', {
    schema: saltSchema,
  });
  return isDict(cache) && isDict(cache.mounts) ? cache.mounts : {};
}

export async function changeMountCache(
  context: MinionContext,
  name: string,
  mount: CachedMount | undefined,
): Promise<void> {
  const { [name]: _, ...others } = readMountCache(context);
  const folder = join(context.root, folderOf(context));
  await makeWithParents(folder);
  const mounts = mount === undefined ? others : { ...others, [name]: mount };
  await writeFileAtomically(join(folder, 'mounts'), dumpYaml(fromJs({ mounts })), { mode: 0o600 });
}

function folderOf({ config }: MinionContext): string {
  return String(config.cachedir);
}
