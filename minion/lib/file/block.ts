import { splitLines } from '../../../shared/data/text_diff.ts';
import type { Regex } from '../../../shared/target/regex.ts';
import { commandFailed } from '../exec.ts';

/** A part of a text between two markers. */
export interface Block {
  /** Stands somewhere in the line before the content. */
  readonly start: string;
  /** Ends the content: what the line has before it belongs to the content. */
  readonly end: string;
  readonly content: string;
  /** A line end between the content and the end marker. */
  readonly endsLine: boolean;
  /** Where to put the block when the markers are not found; undefined: nowhere. */
  readonly place: 'start' | 'end' | BesideLine | undefined;
}

/** Before or after the first line that matches. */
export interface BesideLine {
  readonly side: 'before' | 'after';
  readonly regex: Regex;
}

/** The text with the content between the markers replaced. Throws COMMAND_FAILED when they are missing or not closed. */
export function replaceBlock(text: string, block: Block): string {
  const lines = splitLines(text);
  const lineEnd = lines[0]?.endsWith('\r\n') ? '\r\n' : '\n';
  const result: string[] = [];
  let isInside = false;
  let isFound = false;
  for (const line of lines) {
    const endAt = line.indexOf(block.end);
    if (line.includes(block.start)) {
      isInside = true;
      result.push(line);
    } else if (isInside && endAt !== -1) {
      isInside = false;
      isFound = true;
      result.push(inside(block, lineEnd, line.slice(endAt)));
    } else if (!isInside) result.push(line);
  }
  if (isInside) throw commandFailed('Unterminated marked block. End of file reached before marker_end.');
  if (isFound) return result.join('');
  return insertBlock(lines, `${block.start}${lineEnd}${inside(block, lineEnd, block.end)}`, block, lineEnd);
}

/** The content and the line that ends it. */
function inside({ content, endsLine }: Block, lineEnd: string, endLine: string): string {
  const normal = content.split(/\r?\n/).join(lineEnd);
  return `${normal}${endsLine ? lineEnd : ''}${endLine.replace(/[\r\n]+$/, '')}${lineEnd}`;
}

function insertBlock(lines: readonly string[], inserted: string, { place }: Block, lineEnd: string): string {
  const text = lines.join('');
  if (place === 'start') return inserted + text;
  if (place === 'end') return `${text}${text === '' || text.endsWith(lineEnd) ? '' : lineEnd}${inserted}`;
  const index = place === undefined ? -1 : lines.findIndex((line) => place.regex.test(line.replace(/\r?\n$/, '')));
  if (place === undefined || index === -1) {
    throw commandFailed(
      'Cannot edit marked block. Markers were not found in file.',
      'append_if_not_found=True adds them',
    );
  }
  return lines.toSpliced(place.side === 'before' ? index : index + 1, 0, inserted).join('');
}
