import { defineModule } from '../context.ts';
import { attributeFunctions } from '../lib/file/attributes.ts';
import { backupFunctions } from '../lib/file/backups.ts';
import { compareFunctions } from '../lib/file/compare.ts';
import { contentFunctions } from '../lib/file/content.ts';
import { editFunctions } from '../lib/file/edit.ts';
import { factFunctions } from '../lib/file/facts.ts';
import { findFunctions } from '../lib/file/find.ts';
import { lineFunctions } from '../lib/file/line.ts';
import { nodeFunctions } from '../lib/file/nodes.ts';
import { openFileFunctions } from '../lib/file/open_files.ts';
import { ownerFunctions } from '../lib/file/owners.ts';
import { pathFunctions } from '../lib/file/paths.ts';
import { permissionFunctions } from '../lib/file/permissions.ts';
import { searchFunctions } from '../lib/file/search.ts';
import { sedFunctions } from '../lib/file/sed.ts';
import { treeFunctions } from '../lib/file/tree.ts';

export default defineModule({
  summary: 'Manage regular files, special files, directories and links on the minion.',
  functions: {
    ...pathFunctions,
    ...factFunctions,
    ...ownerFunctions,
    ...permissionFunctions,
    ...contentFunctions,
    ...treeFunctions,
    ...searchFunctions,
    ...editFunctions,
    ...findFunctions,
    ...lineFunctions,
    ...sedFunctions,
    ...backupFunctions,
    ...compareFunctions,
    ...nodeFunctions,
    ...attributeFunctions,
    ...openFileFunctions,
  },
});
