import { expect, test } from 'vitest';
import { parseCrontab, renderCrontab } from '../../../../minion/lib/cron/crontab.ts';
import cron from '../../../../minion/modules/cron.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const MARK = '# Lines below here are managed by Salt, do not edit';
const written = `# by hand
5 4 * * * /usr/local/by_hand

${MARK}
MAILTO=amy@example.com
# nightly work
# of two lines SALT_CRON_IDENTIFIER:nightly
17 3 * * * /usr/local/nightly  --all
#DISABLED#* * * * 1 /usr/local/weekly
# SALT_CRON_IDENTIFIER:up
@reboot /usr/local/up
`;

/** A `crontab` program that keeps what it is given. */
function machine(initial?: string) {
  let text = initial;
  let writes = 0;
  const crontab: Record<string, FakeCommand> = {
    'crontab -u amy -l': () =>
      text === undefined ? { retcode: 1, stderr: 'no crontab for amy\n' } : { stdout: text, retcode: 0 },
    'crontab -u amy -': (_argv, { stdin }) => {
      writes++;
      if (String(stdin).includes('99 ')) return { retcode: 1, stderr: '"-":3: bad minute\n' };
      text = String(stdin);
      return '';
    },
    'crontab -u amy /tmp/new': () => ({ retcode: 1, stderr: '/tmp/new: No such file or directory\n' }),
    'crontab -u ghost -l': () => ({ retcode: 1, stderr: "crontab:  user `ghost' unknown\n" }),
  };
  const context = fakeContext({ exec: fakeExec(crontab) });
  return {
    run: (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, cron, `cron.${fun}`, ['amy', ...args], kwargs),
    other: (fun: string, ...args: unknown[]) => runFunction(context, cron, `cron.${fun}`, args),
    text: () => text,
    managed: () => text?.split(`${MARK}\n`)[1]?.split('\n').slice(0, -1),
    writes: () => writes,
  };
}

test('a crontab is read into its parts', async () => {
  const { run } = machine(written);
  const nightly = {
    ...{ minute: '17', hour: '3', daymonth: '*', month: '*', dayweek: '*' },
    ...{ cmd: '/usr/local/nightly  --all', identifier: 'nightly', comment: 'nightly work\nof two lines' },
    commented: false,
  };
  expect(await run('list_tab')).toEqual({
    pre: ['# by hand', '5 4 * * * /usr/local/by_hand', ''],
    env: [{ name: 'MAILTO', value: 'amy@example.com' }],
    crons: [
      nightly,
      {
        ...{ minute: '*', hour: '*', daymonth: '*', month: '*', dayweek: '1' },
        ...{ cmd: '/usr/local/weekly', identifier: null, comment: null, commented: true },
      },
    ],
    special: [{ spec: '@reboot', cmd: '/usr/local/up', identifier: 'up', comment: '', commented: false }],
  });
  expect(await run('ls')).toEqual(await run('list_tab'));
  expect(await run('raw_cron')).toBe(written);
  expect(await run('get_entry', ['nightly'])).toEqual(nightly);
  expect(await run('get_entry', [], { cmd: '/usr/local/weekly' })).toMatchObject({ commented: true });
  expect(await run('get_entry', ['nothing'])).toBe(false);
});

test('writing back what was read changes nothing, also of lines that are no jobs', () => {
  expect(renderCrontab(parseCrontab(written))).toBe(written);
  const odd = `${MARK}\n# about nothing\nwhat is this\n# the last word\n`;
  expect(renderCrontab(parseCrontab(odd))).toBe(odd);
  expect(renderCrontab(parseCrontab(''))).toBe(`${MARK}\n`);
  expect(parseCrontab(`${MARK}\n0\t1  * * *\t/bin/a b\n`).crons).toMatchObject([{ hour: '1', cmd: '/bin/a b' }]);
});

test('a job is new once, present after that, and updated when its time or its command changes', async () => {
  const { run, managed, writes } = machine();
  const times = ['*', '2', '*', '*', 1];
  expect(await run('set_job', [...times, '/bin/one'])).toBe('new');
  expect(await run('set_job', [...times, '/bin/one'])).toBe('present');
  expect(writes()).toBe(1);
  expect(await run('set_job', [0, '2', '*', '*', 1, '/bin/one'])).toBe('updated');
  expect(managed()).toEqual(['0 2 * * 1 /bin/one']);
  expect(await run('set_job', [0, '2', '*', '*', 1, '/bin/one'], { identifier: 'one', comment: 'a\nb' })).toBe(
    'updated',
  );
  expect(await run('set_job', [0, '2', '*', '*', 1, '/bin/two'], { identifier: 'one' })).toBe('updated');
  expect(managed()).toEqual(['# a', '# b SALT_CRON_IDENTIFIER:one', '0 2 * * 1 /bin/two']);
  expect(await run('set_job', [0, '2', '*', '*', 1, '/bin/two'])).toBe('new');
  expect(await run('set_job', [0, '2', '*', '*', 1, '/bin/two'], { identifier: 'one', commented: true })).toBe(
    'updated',
  );
  expect(managed()?.slice(2)).toEqual(['#DISABLED#0 2 * * 1 /bin/two', '0 2 * * 1 /bin/two']);
});

test('times are drawn by lot once', async () => {
  const { run, managed } = machine();
  const args = ['random', '5:7', 'random', 'RANDOM', '*', '/bin/one'];
  expect(await run('set_job', args)).toBe('new');
  const [line] = managed() ?? [];
  const [minute, hour, day, month] = (line ?? '').split(' ').map(Number) as [number, number, number, number];
  expect(minute).toBeLessThan(60);
  expect([5, 6, 7]).toContain(hour);
  expect(day).toBeGreaterThan(0);
  expect(day).toBeLessThan(32);
  expect(month).toBeGreaterThan(0);
  expect(month).toBeLessThan(13);
  expect(await run('set_job', args)).toBe('present');
  expect(managed()).toEqual([line]);
  expect(await run('set_job', ['random', '5:7', 'random', 'random', 'random', '/bin/one'])).toBe('updated');
  expect(managed()?.[0]).toMatch(/^\d+ [567] \d+ \d+ [0-6] \/bin\/one$/);
});

test('rm_job removes the job that is meant, and writes only then', async () => {
  const { run, text, writes } = machine(written);
  expect(await run('rm_job', ['/usr/local/nightly  --all'])).toBe('absent');
  expect(await run('rm_job', ['/usr/local/weekly'], { dayweek: 2 })).toBe('absent');
  expect(await run('rm_job', ['/usr/local/by_hand'])).toBe('absent');
  expect(writes()).toBe(0);
  expect(await run('rm_job', ['/usr/local/weekly'], { dayweek: 'random' })).toBe('removed');
  expect(await run('rm_job', [''], { identifier: 'nightly' })).toBe('removed');
  expect(text()).toBe(`# by hand
5 4 * * * /usr/local/by_hand

${MARK}
MAILTO=amy@example.com
# SALT_CRON_IDENTIFIER:up
@reboot /usr/local/up
`);
});

test('jobs at moments with names are set and removed', async () => {
  const { run, managed } = machine();
  expect(await run('set_special', ['@daily', '/bin/one'], { identifier: 'one' })).toBe('new');
  expect(await run('set_special', ['@daily', '/bin/one'], { identifier: 'one' })).toBe('present');
  expect(await run('set_special', ['@hourly', '/bin/one'], { identifier: 'one' })).toBe('updated');
  expect(managed()).toEqual(['# SALT_CRON_IDENTIFIER:one', '@hourly /bin/one']);
  expect(await run('rm_special', ['/bin/one', '@daily'], { identifier: 'one' })).toBe('absent');
  expect(await run('rm_special', ['/bin/one'], { identifier: 'one' })).toBe('removed');
  expect(managed()).toEqual([]);
});

test('variables are set and removed', async () => {
  const { run, managed } = machine();
  expect(await run('set_env', ['MAILTO', 'amy'])).toBe('new');
  expect(await run('set_env', ['MAILTO', 'amy'])).toBe('present');
  expect(await run('set_env', ['MAILTO'])).toBe('updated');
  expect(await run('set_env', ['MAILTO'])).toBe('present');
  expect(managed()).toEqual(['MAILTO=""']);
  expect(await run('rm_env', ['MAILTO'])).toBe('removed');
  expect(await run('rm_env', ['MAILTO'])).toBe('absent');
});

test('a crontab that cannot be read is not taken for an empty one', async () => {
  const { other } = machine();
  await expect(other('set_job', 'ghost', 1, 1, 1, 1, 1, '/bin/x')).rejects.toThrow("user `ghost' unknown");
  await expect(other('raw_cron', 'ghost')).rejects.toThrow('cannot read the crontab of ghost');
});

test('what the program refuses is told, and what would be a line of its own is refused', async () => {
  const { run, text } = machine(written);
  await expect(run('set_job', [99, 1, 1, 1, 1, '/bin/x'])).rejects.toThrow('bad minute');
  expect(text()).toBe(written);
  await expect(run('set_job', [1, 1, 1, 1, 1, '/bin/x\n* * * * * /bin/y'])).rejects.toThrow('cmd: must be one line');
  await expect(run('set_job', ['1 1', 1, 1, 1, 1, '/bin/x'])).rejects.toThrow('minute: must be a field of a crontab');
  await expect(run('set_env', ['A B', 'x'])).rejects.toThrow('name: must be the name of a variable');
  expect(await run('write_cron_file', ['/tmp/new'])).toBe(false);
  expect(await run('write_cron_file_verbose', ['/tmp/new'])).toMatchObject({
    retcode: 1,
    stderr: '/tmp/new: No such file or directory',
  });
});
