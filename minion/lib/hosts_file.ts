/** Lines of /etc/hosts that stay what they are, but for those that are changed. */
export interface HostLine {
  readonly text: string;
  readonly ip?: string;
  readonly names: readonly string[];
  readonly comment: string;
}

export function parseHosts(text: string): HostLine[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const [content = '', ...comment] = line.split('#');
    const [ip, ...names] = content.trim().split(/\s+/);
    if (ip === undefined || ip === '' || names.length === 0) return { text: line, names: [], comment: '' };
    return { text: line, ip, names, comment: comment.join('#').trim() };
  });
}

export function formatHosts(lines: readonly HostLine[]): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

export function hostLine(ip: string, names: readonly string[], comment = ''): HostLine {
  const text = `${ip}\t\t${names.join(' ')}${comment === '' ? '' : `\t# ${comment}`}`;
  return { text, ip, names, comment };
}
