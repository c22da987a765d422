import { expect, test } from 'vitest';
import { runnerDocs, streamedFunctions } from '../../../cli/runner_docs.ts';
import type { MasterContext } from '../../../master/context.ts';
import type { ModuleSpec } from '../../../shared/plugin/function.ts';
import { loadFolder } from '../../../shared/plugin/load_folder.ts';

const runners = loadFolder<ModuleSpec<MasterContext>>(new URL('../../../master/runners/', import.meta.url));

test('every runner is documented, and what the master streams with them, in order of names', async () => {
  const names = Object.keys(await runnerDocs(runners, []));
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(['event.send', 'jobs.list_jobs', 'manage.up']));
  expect(names).toEqual(expect.arrayContaining(Object.keys(streamedFunctions)));
});

test('a runner, a function or a glob selects', async () => {
  expect(Object.keys(await runnerDocs(runners, ['event']))).toEqual(['event.send', 'event.status', 'event.wait']);
  expect(Object.keys(await runnerDocs(runners, ['jobs.watch']))).toEqual(['jobs.watch']);
  expect(Object.keys(await runnerDocs(runners, ['state.*', '*.up']))).toEqual(['manage.up', 'state.event']);
  expect(await runnerDocs(runners, ['nothing'])).toEqual({});
});

test('the text is that of sys.doc', async () => {
  expect(await runnerDocs(runners, ['jobs.watch'])).toEqual({
    'jobs.watch':
      '\n    Follow a job that was published before: what it returned, and the rest as it comes.\n\n' +
      '    CLI Example:\n\n        salt-run jobs.watch 20261122093047146206\n    ',
  });
});
