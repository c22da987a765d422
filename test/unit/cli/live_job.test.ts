import { describe, expect, it } from 'vitest';
import { createLiveJob } from '../../../cli/live_job.ts';

const NOW = 1000;
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
const progress = (id: string, data: unknown) => ({ t: 'prog', id, jid: '1', data });
const running = (id: string, since = NOW) => ({ t: 'state', id, state: 'running', since, final: false });

function jobFor(minions: readonly string[], job: Readonly<Record<string, unknown>> = {}) {
  const live = createLiveJob();
  live.note({ t: 'job', jid: '1', minions, ...job }, NOW);
  return live;
}

describe('a job on a terminal', () => {
  it('has a line for each minion that runs, with its state, the seconds since then, and the last line that it printed', () => {
    const live = jobFor(['m1', 'database', 'm3']);
    live.note(running('database'), NOW);
    live.note(progress('database', { stdout: 'one\ntwo\n' }), NOW + 1);
    live.note(running('m3', NOW + 60), NOW + 60);
    expect(live.lines(80, NOW + 75)).toEqual([
      'm1        waiting   75 s',
      'database  running   75 s  two',
      'm3        running   15 s',
    ]);
  });

  it('shows a line as it grows, what a carriage return begins anew, and keeps it when only blanks follow', () => {
    const live = jobFor(['m1']);
    const shown = (data: unknown): string | undefined => {
      live.note(progress('m1', data), NOW);
      return live.lines(80, NOW)[0]?.replace(/.* s ? ?/, '');
    };
    expect(shown({ stdout: 'load' })).toBe('load');
    expect(shown({ stdout: 'ing' })).toBe('loading');
    expect(shown({ stdout: '\r 10 %\r 20 %' })).toBe('20 %');
    expect(shown({ stderr: ' done\n\n \n' })).toBe('20 % done');
    expect(shown('half of it')).toBe('half of it');
  });

  it('shows nothing that a terminal would obey', () => {
    const live = jobFor(['m1']);
    live.note(progress('m1', { stdout: '\x1b[31mred\x1b[0m\tand \x07\u202etxt\x1b]0;title\x07' }), NOW);
    expect(live.lines(80, NOW)).toEqual(['m1  running    0 s  red and ??txt']);
  });

  it('cuts what is wider than the terminal, between characters', () => {
    const live = jobFor(['a-minion-with-an-id-of-40-characters-xxxx']);
    live.note(progress('a-minion-with-an-id-of-40-characters-xxxx', { stdout: '🎉'.repeat(500) }), NOW);
    expect(live.lines(45, NOW)).toEqual(['a-minion-with-an-id-of-4  running    0 s  🎉…']);
    expect(live.lines(47, NOW)[0]).toMatch(/s {2}🎉🎉…$/);
    expect(live.lines(0, NOW)).toEqual(['…']);
  });

  it('drops the line of a minion that returned, ended otherwise, or is not waited for; then it shows nothing', () => {
    const live = jobFor(['m1', 'm2', 'm3']);
    live.note({ t: 'ret', id: 'm1', jid: '1', return: true, retcode: 0 }, NOW);
    live.note(progress('m1', { stdout: 'late\n' }), NOW);
    live.note({ t: 'state', id: 'm2', state: 'queued', since: NOW, final: false, offline: 'offline since …' }, NOW);
    expect(live.lines(80, NOW)).toEqual(['m3  waiting    0 s']);
    live.note({ t: 'state', id: 'm3', state: 'timed_out', since: NOW, final: true }, NOW);
    expect(live.lines(80, NOW)).toEqual([]);
  });

  it('has one bar for many minions, and lines beside it for the last of them', () => {
    const live = jobFor(ids(20));
    for (const id of ids(20)) live.note(running(id), NOW);
    for (const id of ids(10)) live.note({ t: 'ret', id, jid: '1', return: true, retcode: id === 'm3' ? 1 : 0 }, NOW);
    const bar = `[${'='.repeat(15)}${' '.repeat(15)}]`;
    expect(live.lines(80, NOW)).toEqual([`${bar} 10 of 20 done, 1 failed, 10 running`]);
    for (const id of ids(18)) live.note({ t: 'ret', id, jid: '1', return: true, retcode: 0 }, NOW);
    expect(live.lines(80, NOW + 5)).toEqual([
      `[${'='.repeat(27)}${' '.repeat(3)}] 18 of 20 done, 1 failed, 2 running`,
      'm18  running    5 s',
      'm19  running    5 s',
    ]);
  });

  it('leaves out the minions of a batch whose turn has not come', () => {
    const live = jobFor(ids(3), { batch: true });
    expect(live.lines(80, NOW)).toEqual([]);
    live.note({ t: 'batch', jid: '1', minions: ['m0'] }, NOW + 1);
    expect(live.lines(80, NOW + 3)).toEqual(['m0  waiting    2 s']);
  });
});
