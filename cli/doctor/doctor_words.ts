/**
 * The words after `salt doctor`, or undefined when that is not what was typed: a minion may be called doctor, but then
 * a function follows.
 */
export function doctorWords(argv: readonly string[]): string[] | undefined {
  const takesValue = /^(-c|-l|--config-dir|--log-level|--check)$/;
  const places = argv.flatMap((word, index) =>
    word.startsWith('-') || takesValue.test(argv[index - 1] ?? '') ? [] : [index],
  );
  const [place, ...more] = places;
  if (place === undefined || argv[place] !== 'doctor' || more.length > 0) return undefined;
  return argv.filter((_, index) => index !== place);
}
