/** The names of an SLS file and of its place that templates see. */
export interface SlsNames {
  readonly sls: string;
  readonly slspath: string;
  readonly sls_path: string;
  readonly slsdotpath: string;
  readonly slscolonpath: string;
  readonly tplroot: string;
  readonly tpldir: string;
  readonly tpldot: string;
  readonly tplfile: string;
  readonly tplpath: string;
}

/**
 * The names that Salt derives from an SLS name (`nginx.config`) and the path of its file, of which the end counts:
 * `nginx/config.sls` or `nginx/config/init.sls`. Without an SLS name, as for files that are templates, the file's name counts.
 */
export function slsNames(sls: string, path: string): SlsNames {
  const tplfile = relativeFile(sls, path.replaceAll('\\', '/'));
  const slspath = tplfile.includes('/') ? tplfile.slice(0, tplfile.lastIndexOf('/')) : '';
  const tpldir = slspath === '' ? '.' : slspath;
  return {
    sls,
    slspath,
    sls_path: slspath.replaceAll('/', '_'),
    slsdotpath: slspath.replaceAll('/', '.'),
    slscolonpath: slspath.replaceAll('/', ':'),
    tplroot: tpldir.split('/', 1)[0] as string,
    tpldir,
    tpldot: slspath.replaceAll('/', '.'),
    tplfile,
    tplpath: path,
  };
}

/**
 * The names that Salt's loader gives a file which is imported without context, in place of those of the file that asks. One that
 * is asked for by a relative path has the directory of the file that asks.
 */
export function importedNames(path: string, relative?: { asked: string; from: string }): [string, string][] {
  const place = relative?.from ?? path;
  const directory = place.includes('/') ? place.slice(0, place.lastIndexOf('/')) : '';
  const tpldir = directory === '' ? '.' : directory;
  return [
    ['tplfile', relative?.asked ?? path],
    ['tpldir', tpldir],
    ['tpldot', (relative === undefined ? directory : tpldir).replaceAll('/', '.')],
  ];
}

function relativeFile(sls: string, path: string): string {
  const name = sls.replaceAll('.', '/');
  if (sls === '') return path.slice(path.lastIndexOf('/') + 1);
  const ending = [`${name}.sls`, `${name}/init.sls`].find((file) => path.endsWith(file));
  return ending ?? path;
}
