import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCopy, type DemoFleet, startDemoFleet } from '../support/demo_fleet.ts';
import { consoleBlocks, difference, type GuideBlock, type GuideCommand, savedFiles } from '../support/guide_page.ts';
import { describeMosquitto } from '../support/mosquitto.ts';
import { repositoryRoot } from '../support/source_tree.ts';

/** A page starts a fleet and types what it shows; on a machine that is busy with other tests that takes its time. */
const PAGE_MS = 120_000;

const guides = readdirSync(join(repositoryRoot, 'docs/guide')).map((name) => `docs/guide/${name}`);
const pages = ['README.md', ...guides.sort()].map((path) => ({ path, text: read(path) }));
const runnable = pages.filter(({ text }) => consoleBlocks(text).length > 0);

function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

describeMosquitto('what a reader types prints what the page says', () => {
  let home = '';
  beforeAll(async () => {
    home = await buildCopy(pages.flatMap(({ text }) => savedFiles(text)));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test.each(runnable)(
    '$path',
    async ({ path, text }) => {
      const fleet = await startDemoFleet(home);
      try {
        for (const mistake of await play(fleet, consoleBlocks(text))) expect.soft(mistake, path).toBeUndefined();
      } finally {
        await fleet.stop();
      }
    },
    PAGE_MS,
  );
});

/** Goes through a page as a reader would, to the first failure. What is watched must end with the block after it. */
async function play(fleet: DemoFleet, blocks: readonly GuideBlock[]): Promise<string[]> {
  const mistakes: string[] = [];
  const compare = async ({ command, expected, line }: GuideCommand, output: string | Promise<string>) => {
    const found = difference(expected, await output);
    if (found !== undefined) mistakes.push(`line ${line}: $ ${command}\n${found}`);
  };
  let watched: { readonly command: GuideCommand; readonly ended: Promise<string> }[] = [];
  try {
    for (const { isWatch, commands } of blocks) {
      for (const command of commands) {
        if (isWatch) watched.push({ command, ...(await fleet.watch(command.command)) });
        else await compare(command, command.command === 'npm start' ? fleet.greeting : fleet.type(command.command));
      }
      if (isWatch) continue;
      for (const { command, ended } of watched) await compare(command, ended);
      watched = [];
    }
  } catch (error) {
    mistakes.push(String(error));
  }
  return mistakes;
}

describe('the reader of pages', () => {
  test('takes the commands of console blocks, over several lines too, and leaves other blocks alone', () => {
    const page = ['```sh', '$ no', '```', '```console watch', '$ a \\', '> b', 'c', '$ d', '```'].join('\n');
    expect(consoleBlocks(page)).toEqual([
      {
        isWatch: true,
        commands: [
          { command: 'a \\\nb', expected: ['c'], line: 5 },
          { command: 'd', expected: [], line: 8 },
        ],
      },
    ]);
  });

  test('takes the files that a page says to save', () => {
    const page = ['Save this as `minion/modules/a.ts`:', '', '```ts', 'x', '```', '', '```ts', 'y', '```'].join('\n');
    expect(savedFiles(page)).toEqual([{ path: 'minion/modules/a.ts', text: 'x\n' }]);
  });

  test('lets minions answer in any order, and jobs and times differ', () => {
    const said = ['m1:', '    True', 'm2:', '    jid 20261122093047146206', '{"since":1795426247}'];
    expect(difference(said, '{"since":1}\nm2:\n    jid 1\nm1:\n    True\n')).toBeDefined();
    const printed = '{"since":1795426000}\nm2:\n    jid 20261123000000000000\nm1:\n    True\n';
    expect(difference(said, printed)).toBeUndefined();
    expect(difference(said, printed.replace('True', 'False'))).toBeDefined();
  });

  test('takes … for anything in its line, and alone for any lines of a part or any parts', () => {
    expect(difference(['a … c'], 'a b c\n')).toBeUndefined();
    expect(difference(['a … c'], 'a\nc\n')).toBeDefined();
    expect(difference(['a:', '    …', '    c'], 'a:\n    b\n    c\n')).toBeUndefined();
    expect(difference(['a:', '    …'], 'a:\n    b\nc:\n')).toBeDefined();
    expect(difference(['a:', '    b', '…'], 'a:\n    b\nc:\n')).toBeUndefined();
    expect(difference(['a:', '    b', '…'], 'c:\n')).toBeDefined();
  });
});
