import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TemplateError } from '../../shared/render/jinja/template_error.ts';
import { RenderError } from '../../shared/render/render_error.ts';
import { renderTemplate } from '../../shared/render/render_template.ts';
import { createSaltEnvironment } from '../../shared/render/salt/salt_environment.ts';
import { createSaltLoader } from '../../shared/render/salt/salt_loader.ts';
import { slsNames } from '../../shared/render/salt/sls_names.ts';
import { fromJs } from '../../shared/render/values/border.ts';
import { PyDict } from '../../shared/render/values/py_dict.ts';
import type { Value } from '../../shared/render/values/py_object.ts';
import { pyStr } from '../../shared/render/values/text.ts';
import { loadYaml } from '../../shared/render/yaml/load_yaml.ts';
import { saltStandIns } from './salt_stand_ins.ts';

export const treesDirectory = fileURLToPath(new URL('../golden/render/trees', import.meta.url));

/** A state tree: files by path, and the YAML text of the pillar it is rendered with. */
export interface Tree {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly pillar: string;
  /** YAML of more names that its templates see. */
  readonly variables?: string;
}

/** What a template of a tree is rendered with. */
export interface TreeContext {
  readonly name: string;
  readonly grains: Readonly<Record<string, unknown>>;
  readonly hasPillar: boolean;
}

const debian = {
  id: 'web1',
  os: 'Debian',
  os_family: 'Debian',
  osmajorrelease: 12,
  oscodename: 'bookworm',
  cpuarch: 'x86_64',
  num_cpus: 4,
  mem_total: 7962,
  kernelrelease: '6.1.0-18-amd64',
  systemd: { version: '252', features: '+PAM +AUDIT' },
  ip4_interfaces: { lo: ['127.0.0.1'], eth0: ['10.0.0.5', '192.168.1.5'] },
};

const redhat = {
  ...debian,
  id: 'db.example.com',
  os: 'CentOS',
  os_family: 'RedHat',
  osmajorrelease: 9,
  oscodename: 'Blue Onyx',
  cpuarch: 'aarch64',
  num_cpus: 16,
  mem_total: 1987,
  kernelrelease: '5.14.0-362.el9',
};

export const treeContexts: readonly TreeContext[] = [
  { name: 'debian', grains: debian, hasPillar: true },
  { name: 'redhat', grains: redhat, hasPillar: true },
  { name: 'bare', grains: debian, hasPillar: false },
];

/** The trees of test/golden/render/trees: one text a tree, its files under `=== path` lines. */
export function readTrees(): readonly Tree[] {
  const names = readdirSync(treesDirectory).filter((name) => name.endsWith('.txt'));
  return names.map((name) => parseTree(name.replace('.txt', ''), readFileSync(`${treesDirectory}/${name}`, 'utf8')));
}

function parseTree(name: string, text: string): Tree {
  const [, ...sections] = text.split(/^=== /m);
  const files = new Map(
    sections.map((section): [string, string] => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)];
    }),
  );
  const pillar = files.get('pillar.yaml') ?? '';
  files.delete('pillar.yaml');
  return { name, files, pillar };
}

/** The name of an SLS file, '' for other files. */
export function slsName(path: string): string {
  return path.endsWith('.sls') ? path.replace(/(?:\/init)?\.sls$/, '').replaceAll('/', '.') : '';
}

/** What a render printed, or the class and message of its error as Python has them. */
export type Rendered = { readonly text: string } | { readonly error: string; readonly message: string };

/** What a file of a tree renders to. */
export function renderFile(tree: Tree, path: string, context: TreeContext): Rendered {
  const grains = fromJs(context.grains);
  const pillar = context.hasPillar ? loadYaml(tree.pillar) : fromJs({});
  const environment = createSaltEnvironment(
    {
      functions: saltStandIns(grains, pillar),
      machine: {},
      randomBytes: (count) => new Uint8Array(count),
      now: () => 0,
    },
    { loader: createSaltLoader((file) => tree.files.get(file)) },
  );
  const variables = new Map<string, Value>([
    ...Object.entries(slsNames(slsName(path), path)),
    ['grains', grains],
    ['pillar', pillar],
    ['opts', fromJs({ test: false, id: 'minion1' })],
    ['saltenv', 'base'],
    ['env', 'base'],
    ...moreNames(tree.variables),
  ]);
  try {
    return { text: renderTemplate(environment, { path, text: tree.files.get(path) ?? '' }, variables) };
  } catch (error) {
    if (error instanceof RenderError && error.cause instanceof TemplateError) {
      return { error: error.cause.kind, message: error.cause.message };
    }
    throw error;
  }
}

function moreNames(yaml: string | undefined): [string, Value][] {
  const names = yaml === undefined ? undefined : loadYaml(yaml);
  return names instanceof PyDict ? [...names.entries()].map(([name, value]) => [pyStr(name), value]) : [];
}
