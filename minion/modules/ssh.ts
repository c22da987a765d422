import { defineModule } from '../context.ts';
import { authKeyFunctions } from '../lib/ssh/auth_key_functions.ts';
import { keyFileFunctions } from '../lib/ssh/key_file_functions.ts';
import { knownHostFunctions } from '../lib/ssh/known_host_functions.ts';

export default defineModule({
  summary: 'Manage the keys and the known hosts of ssh.',
  functions: { ...authKeyFunctions, ...knownHostFunctions, ...keyFileFunctions },
});
