/** Python's `fnmatch.fnmatchcase`: `*`, `?`, `[seq]` and `[!seq]`; `*` goes over every character. */
export function matchesGlob(text: string, pattern: string): boolean {
  return globToRegExp(pattern).test(text);
}

function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(
    /\[(!?)(\]?[^\]]*)\]|[\s\S]/gu,
    (part, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replace(/[\\[\]^]/g, '\\$&')}]`;
      if (part === '*') return '[^]*';
      return part === '?' ? '[^]' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
  return new RegExp(`^${source}$`, 'u');
}
