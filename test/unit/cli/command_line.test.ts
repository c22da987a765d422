import { Command } from 'commander';
import { expect, test } from 'vitest';
import { parseCommand } from '../../../cli/command_line.ts';
import { saltCommand } from '../../../cli/salt.ts';
import { masterCommand } from '../../../cli/salt_master.ts';

test.each([
  [new Command('salt'), ['-a', 'pam', '*'], "unknown option '-a'", /^Salt has it, here .* over MQTT/],
  [new Command('salt'), ['--eauth=pam', '*'], "unknown option '--eauth=pam'", /^Salt has it, here .* over MQTT/],
  [
    saltCommand(),
    ['--args-separator', ':', '*'],
    "unknown option '--args-separator'",
    /^Salt has it, here .* one function/,
  ],
  [saltCommand(), ['--out-file=x', '*'], "unknown option '--out-file=x'", /^Salt has it, here .* > FILE/],
  [saltCommand(), ['-V'], "unknown option '-V'", /^Salt has it, here it is --version/],
  [masterCommand(), ['-d'], "unknown option '-d'", /^Salt has it, here .* systemd/],
  [masterCommand(), ['-z'], "unknown option '-z'", /^see salt-master --help$/],
])('%# an option that is none is told with what there is instead', (command, argv, message, hint) => {
  expect(() => parseCommand(command, argv)).toThrow(
    expect.objectContaining({ code: 'USAGE', message, hint: expect.stringMatching(hint) }),
  );
});
