/** The parts of `ca_ES.UTF-8@valencia UTF-8`; those that are missing are empty. */
export interface LocaleName {
  readonly language: string;
  readonly territory: string;
  readonly codeset: string;
  readonly modifier: string;
  readonly charmap: string;
}

export function splitLocale(text: string): LocaleName {
  const [, language = '', territory = '', codeset = '', modifier = '', charmap = ''] =
    /^([^_.@\s]*)(?:_([^.@\s]*))?(?:\.([^@\s]*))?(?:@(\S*))?(?:\s+(\S+))?/.exec(text.trim()) ?? [];
  return { language, territory, codeset, modifier, charmap };
}

export function joinLocale({ language, territory, codeset, modifier, charmap }: LocaleName): string {
  const after = (sign: string, part: string) => (part === '' ? '' : sign + part);
  return language + after('_', territory) + after('.', codeset) + after('@', modifier) + after(' ', charmap);
}

/** `en_us.UTF-8` and `en_US.utf8` are the same to the C library. */
export function normalLocale(text: string): string {
  const name = splitLocale(text);
  return joinLocale({
    ...name,
    territory: name.territory.toUpperCase(),
    codeset: name.codeset.toLowerCase().replaceAll('-', ''),
    charmap: '',
  });
}
