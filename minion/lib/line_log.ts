import { createAppendFile } from '../../shared/disk/append_file.ts';

/** A file of lines that only grows. */
export interface LineLog {
  /** Resolves when the lines would survive a power cut; when it rejects, the file is as it was before. */
  append(lines: string): Promise<void>;
  close(): Promise<void>;
}

/** Begins the file anew with these lines, beside the old one, which it then replaces. */
export async function createLineLog(path: string, lines: string): Promise<LineLog> {
  const file = await createAppendFile(path, (fresh) => fresh.append(Buffer.from(lines), { flush: false }));
  return {
    append: (more) => file.append(Buffer.from(more)).then(() => undefined),
    close: () => file.close(),
  };
}

/** The lines in a file's text: what follows a zero or the last line feed was never acknowledged. */
export function wholeLines(text: string): string[] {
  const zero = text.indexOf('\0');
  const written = zero === -1 ? text : text.slice(0, zero);
  return written.slice(0, written.lastIndexOf('\n') + 1).split('\n');
}
