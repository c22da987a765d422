import { defineModule } from '../context.ts';
import { contentFunctions } from '../lib/file/content.ts';
import { editFunctions } from '../lib/file/edit.ts';
import { factFunctions } from '../lib/file/facts.ts';
import { findFunctions } from '../lib/file/find.ts';
import { ownerFunctions } from '../lib/file/owners.ts';
import { pathFunctions } from '../lib/file/paths.ts';
import { searchFunctions } from '../lib/file/search.ts';
import { treeFunctions } from '../lib/file/tree.ts';

export default defineModule({
  summary: 'Manage regular files, special files, directories and links on the minion.',
  functions: {
    ...pathFunctions,
    ...factFunctions,
    ...ownerFunctions,
    ...contentFunctions,
    ...treeFunctions,
    ...searchFunctions,
    ...editFunctions,
    ...findFunctions,
  },
});
