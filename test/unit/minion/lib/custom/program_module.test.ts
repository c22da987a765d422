import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeProgram } from '../../../../../minion/lib/custom/program_module.ts';
import { createExec } from '../../../../../minion/lib/exec.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { silentLogger } from '../../../../../shared/log.ts';
import { docText } from '../../../../../shared/plugin/documentation.ts';
import { defaultOf, isRequired } from '../../../../../shared/plugin/function.ts';
import { fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

const description = {
  summary: 'Greet.',
  functions: {
    greet: {
      summary: 'Greet somebody.',
      args: {
        times: { type: 'integer', default: 1 },
        name: { type: 'text' },
        loud: { type: 'boolean', required: false },
      },
      varkw: true,
      reads: true,
      examples: ["salt '*' greeter.greet Ada"],
    },
    fail: { summary: 'Fail.' },
    chatter: { summary: 'Print no JSON.' },
  },
};
const program = `#!/bin/sh
if [ "$1" = --describe ]; then echo '${JSON.stringify(description).replaceAll("'", `'"'"'`)}'; exit; fi
read call
case $call in
  *'"function":"greet"'*) printf '{"heard":%s}' "$call" ;;
  *'"function":"fail"'*) echo 'the modem is gone' >&2; exit 4 ;;
  *) echo hello ;;
esac
`;
const exec = createExec({ env: { PATH: process.env.PATH }, log: silentLogger, clock: systemClock });
const context = fakeContext({ exec, grains: { os: 'Debian' } });

async function greeter() {
  return describeProgram(join(await fixtureRoot({ greeter: program }), 'greeter'), exec);
}

test('a program describes functions with their arguments, required ones first, and their documentation', async () => {
  const { greet } = (await greeter()).functions;
  if (greet === undefined) throw new Error('the program described no greet');
  expect(Object.entries(greet.args).map(([name, schema]) => [name, isRequired(schema), defaultOf(schema)])).toEqual([
    ['name', true, undefined],
    ['times', false, 1],
    ['loud', false, undefined],
  ]);
  expect([greet.reads, greet.varkw, greet.varargs]).toEqual([true, true, undefined]);
  expect(docText('greeter.greet', greet)).toContain("salt '*' greeter.greet Ada");
});

test('a program gets the checked arguments of a call, and what it writes is returned', async () => {
  expect(await runFunction(context, await greeter(), 'greeter.greet', ['Ada'], { loud: 'yes', x: [1] })).toEqual({
    heard: {
      function: 'greet',
      args: { name: 'Ada', times: 1, loud: true },
      varargs: [],
      kwargs: { x: [1] },
      id: 'minion1',
      jid: '20260101000000000000',
      grains: { os: 'Debian' },
      pillar: {},
    },
  });
});

test('arguments that do not fit never reach a program', async () => {
  await expect(runFunction(context, await greeter(), 'greeter.greet', ['Ada', 'x'])).rejects.toMatchObject({
    code: 'ARGS_INVALID',
    message: expect.stringContaining('times: must be a number'),
  });
});

test('a program that fails says why on standard error, and its status is the return code', async () => {
  await expect(runFunction(context, await greeter(), 'greeter.fail')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'the modem is gone',
  });
  expect(context.retcodes).toEqual([4]);
});

test('a program that writes no JSON is told from one that returns a text', async () => {
  await expect(runFunction(context, await greeter(), 'greeter.chatter')).rejects.toThrow('wrote no JSON: hello');
});

test('a program that does not end its description is cut off', async () => {
  const limits: unknown[] = [];
  const hanging = fakeExec({
    '/x --describe': (_argv, { timeoutMs }) => {
      limits.push(timeoutMs);
      return { timedOut: true, retcode: 143 };
    },
  });
  await expect(describeProgram('/x', hanging)).rejects.toThrow('/x: --describe did not end within 5 s');
  expect(limits).toEqual([5000]);
});
