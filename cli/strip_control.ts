/**
 * Text from a minion without anything a terminal would obey: each control character but tab and newline becomes `?`, and
 * so does each sign that turns the direction of writing.
 */
export function stripControl(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu, '?');
}
