import { FleetError } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { columns, fileRoot } from '../file_root.ts';
import { readMounts, withBlanks } from '../mounts.ts';

type Described = Readonly<Record<string, unknown>>;

/** What `mount.active` shows, by mount point. */
export async function activeMounts(context: MinionContext): Promise<Readonly<Record<string, Described>>> {
  const listed = await listedDevices(context);
  const mounts = readMounts(fileRoot(context.root)).map(({ device, path, fstype, options }) => [
    path,
    { device, alt_device: listed.get(path) ?? null, fstype, opts: options },
  ]);
  return Object.fromEntries(mounts);
}

/** The same with what the kernel tells of each mount, and the device's UUID and label. */
export async function activeMountDetails(context: MinionContext): Promise<Readonly<Record<string, Described>>> {
  const text = fileRoot(context.root).readText('/proc/self/mountinfo');
  if (text === undefined) return activeMounts(context);
  const [listed, attributes] = [await listedDevices(context), await deviceAttributes(context)];
  const mounts = columns(text).map((row) => {
    const [mountid, parentid, number = '', root, path = '', opts = ''] = row;
    // Any number of further fields ends with a dash.
    const [fstype, source = '', superopts = ''] = row.slice(row.indexOf('-') + 1);
    const [major, minor] = number.split(':');
    const [device, name] = [withBlanks(source), withBlanks(path)];
    const { UUID, LABEL } = attributes[device] ?? {};
    return [
      name,
      {
        ...{ mountid, parentid, major, minor, root, opts: opts.split(',').map(withBlanks), fstype, device },
        ...{ alt_device: listed.get(name) ?? null, superopts: superopts.split(',').map(withBlanks) },
        ...{ device_uuid: UUID?.toLowerCase() ?? null, device_label: LABEL ?? null },
      },
    ];
  });
  return Object.fromEntries(mounts);
}

/** Devices as mount knows them, by mount point: it has better names than the kernel for some. */
async function listedDevices({ exec }: MinionContext): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await exec(['mount', '-l'], { env: { LC_ALL: 'C' } });
  const rows = stdout.split('\n').map((line) => /^(.+?) on (.+) type \S+ \(/.exec(line));
  return new Map(rows.flatMap((row) => (row === null ? [] : [[row[2] ?? '', row[1] ?? '']])));
}

async function deviceAttributes(
  context: MinionContext,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  try {
    return (await context.call('disk.blkid')) as Record<string, Record<string, string>>;
  } catch (error) {
    // A machine need not have blkid.
    if (!(error instanceof FleetError)) throw error;
    return {};
  }
}
