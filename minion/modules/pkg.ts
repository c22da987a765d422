import { defineModule } from '../context.ts';
import { changeFunctions } from '../lib/pkg/change_functions.ts';
import { fileFunctions } from '../lib/pkg/file_functions.ts';
import { findPkgProvider } from '../lib/pkg/find_provider.ts';
import { holdFunctions } from '../lib/pkg/hold_functions.ts';
import { keyFunctions } from '../lib/pkg/key_functions.ts';
import { queryFunctions } from '../lib/pkg/query_functions.ts';
import { repoFunctions } from '../lib/pkg/repo_functions.ts';

export default defineModule({
  summary: "See and change the installed packages, by the machine's own package manager.",
  unavailable: (context) =>
    findPkgProvider(context) === undefined ? 'no package manager that is known is here' : undefined,
  functions: {
    ...queryFunctions,
    ...fileFunctions,
    ...changeFunctions,
    ...holdFunctions,
    ...repoFunctions,
    ...keyFunctions,
  },
});
