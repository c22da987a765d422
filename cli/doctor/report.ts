import { paletteFor } from '../palette.ts';
import { plural } from '../plural.ts';
import type { Finding } from './check.ts';
import type { Role } from './machine.ts';

/** A finding, with who was looked at and by which check. */
export type Entry = Finding & { readonly role: Role; readonly check: string };

export interface Report {
  /** The machines that were looked at, with the files that they are configured by. */
  readonly looked: readonly { readonly role: Role; readonly file: string }[];
  readonly entries: readonly Entry[];
}

type Counts = Readonly<Record<Finding['status'], number>>;

/** 0: all is well; 1: something should be looked at; 2: something does not work. */
export function statusOf({ entries }: Report): 0 | 1 | 2 {
  const { warn, fail } = count(entries);
  if (fail > 0) return 2;
  return warn > 0 ? 1 : 0;
}

/** One line of JSON for machines. */
export function reportJson(report: Report): string {
  const { ok, skip, warn, fail } = count(report.entries);
  const names = ['ok', 'warn', 'fail'] as const;
  return JSON.stringify({
    status: names[statusOf(report)],
    ok,
    skipped: skip,
    warnings: warn,
    problems: fail,
    checks: report.entries,
  });
}

/** For people: a line for each finding, then the command that mends it. */
export function reportText(report: Report, colour: boolean): string {
  const lines = report.looked.flatMap(({ role, file }) => [
    `salt-${role}, configured in ${file}`,
    ...joinAlike(report.entries.filter((entry) => entry.role === role)).flatMap((entry) => entryLines(entry, colour)),
    '',
  ]);
  return [...lines, summary(report.entries)].join('\n');
}

/** What was not looked at comes last, and checks that say the same are told in one line. */
function joinAlike(entries: readonly Entry[]): Entry[] {
  const joined = new Map<string, Entry>();
  for (const { check, ...finding } of entries) {
    const key = JSON.stringify(finding);
    const first = joined.get(key);
    joined.set(key, { ...finding, check: first === undefined ? check : `${first.check}, ${check}` });
  }
  const isSkipped = ({ status }: Entry): boolean => status === 'skip';
  const all = [...joined.values()];
  return [...all.filter((entry) => !isSkipped(entry)), ...all.filter(isSkipped)];
}

function entryLines(entry: Entry, colour: boolean): string[] {
  const { lightGreen, lightYellow, lightRed, darkGray, end } = paletteFor(colour);
  const colours = { ok: lightGreen, warn: lightYellow, fail: lightRed, skip: darkGray };
  const mark = `[${colours[entry.status]}${entry.status}${end}]${' '.repeat(5 - entry.status.length)}`;
  const line = `${mark}${entry.check}: ${entry.text}`;
  if (!('mend' in entry)) return [line];
  return [line, `  mend${entry.where === undefined ? '' : ` (${entry.where})`}: ${entry.mend}`];
}

/** What is told first causes what comes after it. */
function summary(entries: readonly Entry[]): string {
  const { ok, skip, warn, fail } = count(entries);
  const skipped = skip === 0 ? '' : `, ${skip} not looked at`;
  if (warn + fail === 0) return `all is well: ${ok} ok${skipped}`;
  const first = entries.find(({ status }) => status === (fail > 0 ? 'fail' : 'warn'));
  const begin = fail + warn > 1 ? `; begin with ${first?.check}` : '';
  return `${plural(fail, 'problem')}, ${plural(warn, 'warning')}, ${ok} ok${skipped}${begin}`;
}

function count(entries: readonly Finding[]): Counts {
  const counts = { ok: 0, skip: 0, warn: 0, fail: 0 };
  for (const { status } of entries) counts[status] += 1;
  return counts;
}
