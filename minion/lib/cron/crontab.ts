import { linesOf } from '../text_lines.ts';

/** What jobs at a time and jobs of a name such as `@daily` have in common; the names are Salt's. */
export interface CronEntry {
  readonly cmd: string;
  readonly identifier: string | null;
  readonly comment: string | null;
  /** Switched off: it stands in a comment. */
  readonly commented: boolean;
}

export const timeFields = ['minute', 'hour', 'daymonth', 'month', 'dayweek'] as const;

export interface CronJob extends CronEntry, Readonly<Record<(typeof timeFields)[number], string>> {}

export interface SpecialJob extends CronEntry {
  /** Such as `@daily`. */
  readonly spec: string;
}

export interface CronVariable {
  readonly name: string;
  readonly value: string;
}

/** A crontab. What stands before Salt's mark is left as it is. */
export interface Crontab {
  readonly pre: readonly string[];
  readonly crons: readonly CronJob[];
  readonly special: readonly SpecialJob[];
  readonly env: readonly CronVariable[];
  /** Lines behind the mark that are none of these: somebody's, and kept at the end. */
  readonly rest: readonly string[];
}

const MARK = '# Lines below here are managed by Salt, do not edit';
const IDENTIFIER = 'SALT_CRON_IDENTIFIER';
const DISABLED = '#DISABLED#';

const SPECIAL_LINE = /^(@\S+)\s+(.*)$/;
const VARIABLE_LINE = /^\s*([A-Za-z_]\w*)\s*=\s*(.*)$/;
const JOB_LINE = /^\s*([\d*]\S*)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s(.*)$/;

/** The comment that was read and belongs to the job that follows. */
interface Heading {
  readonly lines: readonly string[];
  readonly identifier: string | null;
  readonly comment: string | null;
}

const noHeading: Heading = { lines: [], identifier: null, comment: null };

export function parseCrontab(text: string): Crontab {
  const lines = linesOf(text);
  const mark = lines.indexOf(MARK);
  const tab = { pre: mark < 0 ? lines : lines.slice(0, mark), crons: [], special: [], env: [], rest: [] };
  return mark < 0 ? tab : parseManaged(tab, lines.slice(mark + 1));
}

function parseManaged(tab: Crontab, lines: readonly string[]): Crontab {
  const crons: CronJob[] = [];
  const special: SpecialJob[] = [];
  const env: CronVariable[] = [];
  const rest: string[] = [];
  let heading = noHeading;
  for (const line of lines) {
    if (line === MARK || line.trim() === '') continue;
    const entry = parseEntry(line, heading);
    const variable = VARIABLE_LINE.exec(line);
    if (entry !== undefined) {
      if ('spec' in entry) special.push(entry);
      else crons.push(entry);
      heading = noHeading;
    } else if (line.startsWith('#')) heading = withComment(heading, line);
    else if (variable !== null) env.push({ name: variable[1] ?? '', value: variable[2] ?? '' });
    else {
      rest.push(...heading.lines, line);
      heading = noHeading;
    }
  }
  return { ...tab, crons, special, env, rest: [...rest, ...heading.lines] };
}

function parseEntry(line: string, { identifier, comment }: Heading): CronJob | SpecialJob | undefined {
  const commented = line.startsWith(DISABLED);
  const text = commented ? line.slice(DISABLED.length) : line;
  const special = SPECIAL_LINE.exec(text);
  if (special !== null) return { spec: special[1] ?? '', cmd: special[2] ?? '', identifier, comment, commented };
  const job = JOB_LINE.exec(text);
  if (job === null) return undefined;
  const [, minute = '', hour = '', daymonth = '', month = '', dayweek = '', cmd = ''] = job;
  return { minute, hour, daymonth, month, dayweek, cmd, identifier, comment, commented };
}

function withComment(heading: Heading, line: string): Heading {
  const text = line.replace(/^[# ]+/, '');
  const place = text.indexOf(IDENTIFIER);
  const own = place < 0 ? text : text.slice(0, place).trimEnd();
  const identifier = place < 0 ? '' : text.slice(place + IDENTIFIER.length + 1);
  return {
    lines: [...heading.lines, line],
    identifier: identifier === '' ? heading.identifier : identifier,
    comment: heading.comment === null ? own : `${heading.comment}\n${own}`,
  };
}

export function renderCrontab({ pre, env, crons, special, rest }: Crontab): string {
  const lines = [
    ...pre,
    MARK,
    ...env.map(({ name, value }) => `${name}=${value}`),
    ...crons.flatMap((job) => renderEntry(job, timeFields.map((field) => job[field]).join(' '))),
    ...special.flatMap((job) => renderEntry(job, job.spec)),
    ...rest,
  ];
  return `${lines.join('\n')}\n`;
}

function renderEntry({ cmd, identifier, comment, commented }: CronEntry, when: string): string[] {
  const text = comment ? ` ${comment.replaceAll('\n', '\n# ')}` : '';
  const mark = identifier === null ? '' : ` ${IDENTIFIER}:${identifier}`;
  const heading = comment === null && identifier === null ? [] : [`#${text}${mark}`];
  return [...heading, `${commented ? DISABLED : ''}${when} ${cmd}`];
}
