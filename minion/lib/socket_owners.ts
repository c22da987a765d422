import { fileRoot } from './file_root.ts';

/** Which process has which socket: the inode of the socket to `pid/name`, as netstat prints it. */
export async function socketOwners(root: string): Promise<Map<string, string>> {
  const files = fileRoot(root);
  const owners = new Map<string, string>();
  for (const pid of files.list('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all(files.list(folder).map((fd) => files.link(`${folder}/${fd}`)));
    const inodes = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? []);
    if (inodes.length === 0) continue;
    const name = (await files.read(`/proc/${pid}/comm`))?.trim() ?? '';
    for (const inode of inodes) owners.set(inode, `${pid}/${name}`);
  }
  return owners;
}
