/** Forms of each symbol; `<name>` in a form stands for a form of that symbol (in brackets where `.` or `[` follows). The first one holds no symbol. */
export type Grammar = Readonly<Record<string, readonly string[]>>;

const MAX_DEPTH = 3;

/** A text of the grammar. `choose(count)` picks a number below count; beyond some depth forms without symbols are taken. */
export function expand(grammar: Grammar, symbol: string, choose: (count: number) => number, depth = 0): string {
  const forms = grammar[symbol];
  if (forms === undefined) throw new Error(`the grammar has no symbol <${symbol}>`);
  const ends = depth < MAX_DEPTH ? forms : forms.filter((form) => !hasSymbol(grammar, form));
  const usable = ends.length === 0 ? forms.slice(0, 1) : ends;
  const form = usable[choose(usable.length)] ?? '';
  return form.replace(/<([a-z_0-9]+)>(?=([.[])?)/g, (whole, name: string, access: string | undefined) => {
    if (!Object.hasOwn(grammar, name)) return whole;
    const text = expand(grammar, name, choose, depth + 1);
    return access !== undefined && text.includes(' ') ? `(${text})` : text;
  });
}

function hasSymbol(grammar: Grammar, form: string): boolean {
  return [...form.matchAll(/<([a-z_0-9]+)>/g)].some(([, name]) => Object.hasOwn(grammar, name as string));
}

/** Choices that are the same for the same seed. */
export function seededChoice(seed: number): (count: number) => number {
  let state = seed >>> 0;
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
}
