import { collectCompletionData } from '../cli/completion/completion_data.ts';
import { doctorCommand } from '../cli/doctor/doctor.ts';
import { emulateCommand } from '../cli/emulate_options.ts';
import { streamedFunctions } from '../cli/runner_docs.ts';
import { saltCommand } from '../cli/salt.ts';
import { saltCallCommand } from '../cli/salt_call.ts';
import { keyCommand } from '../cli/salt_key.ts';
import { masterCommand } from '../cli/salt_master.ts';
import { minionCommand, minionModules } from '../cli/salt_minion.ts';
import { coreRunners, saltRunCommand } from '../cli/salt_run.ts';
import { loadFolder, programFolder } from '../shared/plugin/load_folder.ts';

/** What the shells complete; the build writes it into dist/completion.json. */
export function completionData() {
  return collectCompletionData({
    commands: [
      saltCommand(),
      doctorCommand(),
      saltCallCommand(),
      keyCommand(),
      saltRunCommand(),
      masterCommand(),
      minionCommand(),
      emulateCommand(),
    ],
    modules: minionModules(),
    runners: coreRunners(),
    streamed: streamedFunctions,
    outputters: loadFolder(programFolder('cli/outputs')).names,
  });
}
