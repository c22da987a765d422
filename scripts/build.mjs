// Bundles the sources into dist/. Plain JavaScript: it runs before anything is built.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCommand, buildStart } from './bundle/build_command.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** Plugins stay files of their own: the folder is the list. */
const pluginFolders = [
  'minion/modules',
  'minion/grains',
  'minion/beacons',
  'master/runners',
  'master/wheel',
  'cli/outputs',
  'cli/doctor/checks',
  'shared/returners',
];
const commands = ['salt-call', 'salt-emulate', 'salt-master', 'salt-minion'];
/** What is typed all day and must start fast, each with words to try it with, and what a master would answer. */
const operatorCommands = {
  salt: {
    words: ['m1', 'test.ping'],
    steps: [
      { t: 'job', jid: '20260101000000000000', minions: ['m1'] },
      { t: 'ret', id: 'm1', jid: '20260101000000000000', return: true, retcode: 0, success: true, ms: 1 },
      { t: 'end' },
    ],
  },
  'salt-key': {
    words: ['-L'],
    steps: [
      { t: 'value', value: { minions: ['m1'], minions_denied: [], minions_pre: [], minions_rejected: [] } },
      { t: 'end' },
    ],
  },
  'salt-run': { words: ['jobs.active'], steps: [{ t: 'value', value: {} }, { t: 'end' }] },
};

const plugins = pluginFolders.flatMap((folder) =>
  readdirSync(`${root}${folder}`)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);
const renderWorkers = ['master/reactor/render_worker.ts', 'minion/reactor/render_worker.ts'];
const mains = commands.map((name) => `cli/commands/${name.replaceAll('-', '_')}.ts`);

mkdirSync(out, { recursive: true });
rmSync(`${out}/shared`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [
    ...mains,
    'cli/commands/complete.ts',
    'scripts/demo.ts',
    'scripts/completion_data.ts',
    'minion/module_kit.ts',
    ...renderWorkers,
    ...plugins,
  ],
  outdir: out,
  outbase: '.',
  bundle: true,
  splitting: true,
  // Two levels down, as the sources that look for plugin folders are: see programFolder.
  chunkNames: 'shared/chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  // lmdb brings its own native binary; cbor-x would bring one that is not needed.
  external: ['lmdb'],
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  logLevel: 'warning',
});

// A minion runs for months and does little: 4 MB less private memory are worth more than speed (docs/decisions).
const smallHeap = [
  "require('node:v8').setFlagsFromString('--optimize-for-size');",
  "require('node:v8').setFlagsFromString('--semi-space-growth-factor=1');",
];

// Shells ask at each key press.
const complete =
  "if (process.argv[2] === '--complete') import('./cli/commands/complete.js').then((command) => command.main()); else";

// The launchers answer --version by themselves: starting Node is most of what that costs.
const writeLauncher = (name, start, before = []) => {
  const launcher = [
    '#!/usr/bin/env node',
    "'use strict';",
    ...before,
    `if (process.argv.includes('--version')) console.log('${name} ${version}');`,
    `else ${start};`,
    '',
  ].join('\n');
  writeFileSync(`${out}/${name}.cjs`, launcher);
  chmodSync(`${out}/${name}.cjs`, 0o755);
};
for (const name of commands) {
  const main = `./cli/commands/${name.replaceAll('-', '_')}.js`;
  writeLauncher(
    name,
    `import('${main}').then((command) => command.main())`,
    name === 'salt-minion' ? smallHeap : undefined,
  );
}
await buildStart(root, `${out}/start`);
await Promise.all(
  Object.entries(operatorCommands).map(async ([name, { words, steps }]) => {
    await buildCommand(root, `${out}/start`, name, words, steps);
    const start = `require('./start/start.cjs')('${name}', (url) => import(url))`;
    writeLauncher(name, start, name === 'salt' ? [complete] : undefined);
  }),
);
const { completionData } = await import(`${out}/scripts/completion_data.js`);
writeFileSync(`${out}/completion.json`, JSON.stringify(await completionData()));
writeFileSync(`${out}/package.json`, '{ "type": "module" }\n');
