import { describe, expect, it } from 'vitest';
import { formatOutput, type StateOptions } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';
import { dryRun, failedRun } from '../../../support/state_run.ts';

const highstate = (data: unknown, states: StateOptions = {}, colour = false) =>
  formatOutput('highstate', data, { colour, states });

const one = (state: object, tag = 'test_|-id_|-name_|-nop') => ({
  m1: { [tag]: { __run_num__: 0, result: true, changes: {}, comment: '', ...state } },
});

describe('highstate', () => {
  it.each(['full', 'terse', 'mixed', 'changes'])(
    'prints a run with failures as Salt does in %s mode',
    async (output) => {
      expectGolden(`output/highstate_${output}.txt`, await highstate({ minion1: failedRun }, { output }));
    },
  );

  it('prints what a dry run would change', async () => {
    expectGolden('output/highstate_test.txt', await highstate({ minion1: dryRun }));
    expectGolden('output/highstate_test_terse.txt', await highstate({ minion1: dryRun }, { output: 'terse' }));
  });

  it('puts the id in the place of the name in the _id modes', async () => {
    expectGolden('output/highstate_full_id.txt', await highstate({ minion1: dryRun }, { output: 'full_id' }));
    expectGolden('output/highstate_terse_id.txt', await highstate({ minion1: dryRun }, { output: 'terse_id' }));
  });

  it('leaves out and shortens what filter mode names', async () => {
    const states = { output: 'filter', exclude: ['True'], terse: ['None'] };
    expectGolden('output/highstate_filter.txt', await highstate({ minion1: { ...dryRun } }, states));
  });

  it('keeps silent about clean successes when not verbose, or when only differences are wanted', async () => {
    const text = await highstate({ minion1: failedRun }, { verbose: false });
    expectGolden('output/highstate_quiet.txt', text);
    expect(await highstate({ minion1: failedRun }, { diff: true })).toBe(text);
  });

  it('has a colour for each outcome', async () => {
    const run = {
      ...dryRun,
      'cmd_|-x_|-x_|-run': { __run_num__: 9, result: true, changes: { pid: 1 }, comment: 'ok' },
    };
    expectGolden('output/highstate_colour.txt', await highstate({ minion1: run }, {}, true));
    expectGolden(
      'output/highstate_failed_colour.txt',
      await highstate({ minion1: failedRun }, { output: 'mixed' }, true),
    );
  });

  it('prints times as a table in tabular terse mode, and percents on demand', async () => {
    expectGolden(
      'output/highstate_tabular.txt',
      await highstate({ minion1: failedRun }, { output: 'terse', tabular: true, percent: true }),
    );
  });

  it('leaves times out without a profile', async () => {
    expectGolden('output/highstate_no_profile.txt', await highstate({ minion1: dryRun }, { profile: false }));
  });

  it('lists errors of the compiler', async () => {
    const errors = ["Rendering SLS 'base:err' failed: mapping values are not allowed in this context", 'second'];
    expect(await highstate({ minion1: errors })).toBe(
      `minion1:\n    Data failed to compile:\n----------\n    ${errors[0]}\n----------\n    second`,
    );
    expectGolden('output/highstate_errors_colour.txt', await highstate({ minion1: errors }, {}, true));
  });

  it('prints the runs of several minions one after the other', async () => {
    const text = await highstate({ m1: 'Minion did not return', m2: true, m3: null, m4: {} });
    expect(text).toMatch(
      /^m1:\n {4}Minion did not return\nm2:\n {4}True\nm3:\nm4:\n\nSummary for m4\n-----------\nSucceeded: 0\n/,
    );
  });

  it('wraps warnings at 80 columns and counts them', async () => {
    const warnings = [
      "The 'mode' argument is deprecated and will go; write 'file_mode' in its place from the next release on.",
    ];
    expectGolden('output/highstate_warnings.txt', await highstate(one({ warnings })));
    expectGolden('output/highstate_warnings_terse.txt', await highstate(one({ warnings }), { output: 'terse' }));
  });

  it('sums durations in seconds above 999 ms and counts parallel states by the longest', async () => {
    const state = (duration: unknown, parallel = false) => ({
      ...{ result: true, changes: {}, comment: '', start_time: '1', duration },
      ...(parallel && { __parallel__: true }),
    });
    const run = { a: state(600), b: state('400 ms'), c: state(5000, true), d: state(7000, true) };
    expect(await highstate({ m1: run }, { output: 'terse' })).toContain('Total run time:   8.000 s');
  });

  it('widens its rules for large counts', async () => {
    const run = Object.fromEntries(
      Array.from({ length: 120 }, (_, index) => [
        `a_|-${index}_|-${index}_|-b`,
        { __run_num__: index, result: true, changes: {} },
      ]),
    );
    expect(await highstate({ m1: run }, { verbose: false })).toBe(
      [
        'm1:',
        '',
        'Summary for m1',
        '--------------',
        'Succeeded: 120',
        'Failed:      0',
        '--------------',
        'Total states run:     120',
        'Total run time:     0.000 ms',
      ].join('\n'),
    );
  });

  it('appends the data of a state to its comment and keeps odd comments and changes readable', async () => {
    expect(await highstate(one({ comment: 'a\nb', data: { k: 1 } }))).toContain(
      'Comment: a\n              b\n\t\tk: 1',
    );
    expect(await highstate(one({ comment: 'a', data: ['x', 2] }))).toContain('Comment: a x 2\n');
    expect(await highstate(one({ comment: 'a', data: 'x' }))).toContain('Comment: a x\n');
    expect(await highstate(one({ comment: ['x', null] }))).toContain("Comment: ['x', None]\n");
    expect(await highstate(one({ changes: ['x'] }))).toContain("Changes:   Invalid Changes data: ['x']\n");
  });

  it('says which state lacks its place in the order', async () => {
    const text = await highstate({ m1: { 'a_|-b_|-c_|-d': { result: true, changes: {} } } });
    expect(text).toContain('The State execution failed to record the order in which all states were executed.');
    expect(text).toContain("{'changes': {}, 'result': True}");
  });

  it('prints the runs that an orchestration started, below its own changes', async () => {
    const orchestration = one(
      { changes: { out: 'highstate', ret: { minion1: dryRun } } },
      'salt_|-deploy_|-deploy_|-state',
    );
    expectGolden('output/highstate_orchestration.txt', await highstate({ retcode: 0, m1_master: orchestration.m1 }));
  });

  it('takes a run out of the wrapping of a runner', async () => {
    const bare = await highstate({ minion1: failedRun });
    expect(await highstate({ return: { minion1: failedRun }, success: true })).toBe(bare);
    expect(await highstate({ outputter: 'highstate', data: { minion1: failedRun } })).toBe(bare);
    expect(await highstate({ data: failedRun })).toBe(bare.replaceAll('minion1', 'data'));
  });

  it('lets no escape sequence of a minion reach the terminal', async () => {
    const text = await highstate({ 'm\x1b': one({ comment: '\x1b[2J', name: '\x1b' }, 'a_|-\x1b[1m_|-\x9b_|-d').m1 });
    expect(text).not.toMatch(/[^\P{Cc}\t\n]/u);
  });
});
