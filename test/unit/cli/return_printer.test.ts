import { describe, expect, it } from 'vitest';
import {
  asyncText,
  docText,
  formatReturn,
  formatSilence,
  interruptText,
  jidText,
  type Silence,
  silenceText,
  summaryText,
  verboseHeader,
} from '../../../cli/return_printer.ts';
import { expectGolden } from '../../support/golden.ts';

const jid = '20261122092936909700';
const plain = { colour: false };
const silence: Silence = { id: 'minion2', jid, state: 'queued', sinceAt: 1795339776 };

describe('the lines around returns', () => {
  it('are those of Salt', () => {
    expect(verboseHeader(jid)).toBe(
      'Executing job with jid 20261122092936909700\n-------------------------------------------\n',
    );
    expect(jidText(jid)).toBe('jid: 20261122092936909700');
    expect(asyncText(jid)).toBe('Executed command with job ID: 20261122092936909700');
  });

  it('tell after Ctrl-C where the returns will be', () => {
    expectGolden('output/interrupt.txt', interruptText(jid));
    expect(interruptText(undefined)).toBe('\nExiting gracefully on Ctrl-c');
  });
});

describe('formatReturn', () => {
  it('prints through the outputter that the return asks for', async () => {
    const ret = { id: 'm1', return: ['broken'], retcode: 1, out: 'highstate' };
    expect(await formatReturn(ret, undefined, plain)).toBe('m1:\n    Data failed to compile:\n----------\n    broken');
    expect(await formatReturn(ret, 'json', { colour: false, indent: -1 })).toBe('{"m1": ["broken"]}');
  });

  it('prints nested otherwise, a failure in red', async () => {
    expect(await formatReturn({ id: 'm1', return: true }, undefined, plain)).toBe('m1:\n    True');
    expect(await formatReturn({ id: 'm1', return: 'x', retcode: 1 }, undefined, { colour: true })).toContain(
      '\x1b[0;31mm1',
    );
  });

  it('refuses an outputter that nobody knows', async () => {
    await expect(formatReturn({ id: 'm1', return: 1 }, 'yml', plain)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a silent minion', () => {
  it('is printed with Salt’s line, the reason and the way to look later', async () => {
    expectGolden('output/silent_queued.txt', await formatSilence(silence, undefined, plain));
    const text = await formatSilence({ ...silence, state: 'running' }, undefined, plain);
    expectGolden('output/silent_running.txt', text);
  });

  it.each<[Silence['state'], string]>([
    ['queued', '[No response]\nThe job waits for the minion to take it since 2026-11-22 09:29:36 UTC.'],
    ['sent', '[No response]\nThe job was sent at 2026-11-22 09:29:36 UTC; the minion has not received it yet.'],
    ['delivered', '[No response]\nThe minion received the job at 2026-11-22 09:29:36 UTC; it has not started it yet.'],
    ['running', '[No response]\nThe job is running since 2026-11-22 09:29:36 UTC.'],
  ])('whose job is %s may still return', (state, text) => {
    expect(silenceText({ ...silence, state })).toMatch(`Minion did not return. ${text}\nThe minions may not`);
  });

  it.each<[Silence['state'], string]>([
    ['rejected', '[Rejected]\nThe minion rejected the job at 2026-11-22 09:29:36 UTC: blackout.'],
    ['timed_out', '[Timed out]\nThe job ran out of time at 2026-11-22 09:29:36 UTC: blackout.'],
    ['cancelled', '[Cancelled]\nThe job was cancelled at 2026-11-22 09:29:36 UTC: blackout.'],
    ['expired', '[Expired]\nThe job expired at 2026-11-22 09:29:36 UTC before it could start: blackout.'],
    ['interrupted', '[Interrupted]\nThe minion stopped while it ran the job, at 2026-11-22 09:29:36 UTC: blackout.'],
  ])('whose job is %s will not, and the reason is told', (state, text) => {
    expect(silenceText({ ...silence, state, reason: 'blackout' })).toBe(`Minion did not return. ${text}`);
  });

  it('that is offline is said to be so, and whether the job waits for it', () => {
    const offline = 'offline since 2026-11-22 09:16:40 UTC';
    expect(silenceText({ ...silence, state: 'queued', offline })).toContain(
      `[Not connected]\nIt is ${offline}; the job waits for it since 2026-11-22 09:29:36 UTC.`,
    );
    expect(silenceText({ ...silence, state: 'expired', offline })).toBe(
      `Minion did not return. [Not connected]\nIt is ${offline}; the job was not sent and will not run later (--queue-for keeps it).`,
    );
  });
});

describe('summaryText', () => {
  const summary = {
    returned: ['m1', 'm2'],
    failed: ['m2'],
    silent: [
      { id: 'm3', state: 'queued' as const, offline: 'offline since …' },
      { id: 'm4', state: 'running' as const },
    ],
  };

  it('counts as Salt does', () => {
    expectGolden('output/summary.txt', summaryText(summary, false));
  });

  it('names the minions when verbose, but no empty list', () => {
    expectGolden('output/summary_verbose.txt', summaryText(summary, true));
    expect(summaryText({ returned: ['m1'], failed: [], silent: [] }, true)).not.toContain('Minions');
  });
});

describe('docText', () => {
  const docs = {
    m1: {
      'test.ping': "\n    Used to make sure.\n\n    CLI Example:\n\n        salt '*' test.ping\n    ",
      'test.none': null,
    },
    m2: { 'test.ping': 'Another text.', 'cmd.run': '\n    Runs.\n    ' },
    m3: 'Minion did not return. [Not connected]',
  };

  it('prints each function once, in order, as Salt does', () => {
    expectGolden('output/doc.txt', docText(docs, false));
    expect(docText(docs, true)).toContain('\x1b[0;32mcmd.run:\x1b[0;0m\n');
  });
});
