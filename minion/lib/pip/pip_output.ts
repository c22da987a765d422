/** Package name to version. */
export type PipVersions = Readonly<Record<string, string>>;

interface Listed {
  readonly name: string;
  readonly version: string;
  readonly latest_version?: string;
  readonly latest_filetype?: string;
}

/** Of `list --format=json`. Some versions write notices around it. */
export function parsePipList(text: string): readonly Listed[] {
  const line = text.split('\n').find((item) => item.startsWith('['));
  return line === undefined ? [] : (JSON.parse(line) as Listed[]);
}

export function versionsOf(listed: readonly Listed[]): PipVersions {
  return Object.fromEntries(listed.map(({ name, version }) => [name, version]));
}

/** Of `list --outdated`: what could be had, and in which form. */
export function upgradesOf(listed: readonly Listed[]): PipVersions {
  return Object.fromEntries(
    listed.map((item) => [item.name, `${item.latest_version ?? ''} [${item.latest_filetype ?? 'wheel'}]`]),
  );
}

/** Of `freeze`: `name==1.2`, `name @ address` and `-e address#egg=name`. */
export function parseFreeze(text: string): PipVersions {
  const versions: Record<string, string> = {};
  for (const line of text.split('\n').map((item) => item.trim())) {
    const [, address, egg] = /^-e (\S+?)#egg=([\w.-]+)/.exec(line) ?? [];
    const [, name, version, place] = /^([\w.-]+)(?:===?(\S+)| @ (\S+))$/.exec(line) ?? [];
    if (egg !== undefined) versions[egg] = address ?? '';
    else if (name !== undefined) versions[name] = version ?? place ?? '';
  }
  return versions;
}

/** Python takes `Foo_Bar`, `foo.bar` and `foo-bar` for one name. */
export function sameName(a: string, b: string): boolean {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  return plain(a) === plain(b);
}

/** All versions, the oldest first, in the words of `index versions` or of a failed `install`; undefined without any. */
export function parseAllVersions(text: string): readonly string[] | undefined {
  const index = /^\s*Available versions: (.*)$/m.exec(text)?.[1];
  const failed = /\(from versions: ([^)]*)\)/.exec(text)?.[1];
  const list = (index ?? failed ?? '').split(',').map((item) => item.trim());
  const versions = list.filter((item) => item !== '' && item !== 'none');
  if (versions.length === 0) return undefined;
  return index === undefined ? versions : versions.reverse();
}

export interface PreReleases {
  readonly alpha: boolean;
  readonly beta: boolean;
  readonly candidate: boolean;
}

/** Without the pre-releases that are not asked for. */
export function withoutPreReleases(versions: readonly string[], { alpha, beta, candidate }: PreReleases): string[] {
  const kinds = [
    [/\d\.?(a|alpha)\d*/, alpha],
    [/\d\.?(b|beta)\d*/, beta],
    [/\d\.?(rc|c|pre)\d*/, candidate],
  ] as const;
  return versions.filter((version) => kinds.every(([pattern, isWanted]) => isWanted || !pattern.test(version)));
}
