import type { ScalarStyle } from './token.ts';

/** What a text allows when it is written as YAML. */
export interface ScalarAnalysis {
  readonly multiline: boolean;
  readonly plainInBlock: boolean;
  readonly plainInFlow: boolean;
  readonly singleQuoted: boolean;
  readonly literal: boolean;
}

export interface ScalarPlace {
  readonly inFlow: boolean;
  /** A key that is written without `?`. */
  readonly isKey: boolean;
}

const special = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10fffe}]/u;
const lineBreaks = /[\n\x85\u2028\u2029]/;
const edges = /^[ \n\x85\u2028\u2029]|[ \n\x85\u2028\u2029]$/;
const breakThenSpace = /[\n\x85\u2028\u2029] /;
const spaceThenBreak = / [\n\x85\u2028\u2029]/;
const startIndicator = /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:[\0 \t\r\n\x85\u2028\u2029]|$))/;
const innerIndicator = /:(?:[\0 \t\r\n\x85\u2028\u2029]|$)|[\0 \t\r\n\x85\u2028\u2029]#/;
const flowIndicator = /[,?:[\]{}]/;

/** Which styles would read back as the same text. */
export function analyzeScalar(text: string): ScalarAnalysis {
  if (text === '') {
    return { multiline: false, plainInBlock: true, plainInFlow: false, singleQuoted: true, literal: false };
  }
  const multiline = lineBreaks.test(text);
  const needsEscapes = spaceThenBreak.test(text) || special.test(text);
  const singleQuoted = !needsEscapes && !breakThenSpace.test(text);
  const plain = singleQuoted && !multiline && !edges.test(text) && !startIndicator.test(text);
  const plainInBlock = plain && !innerIndicator.test(text);
  return {
    multiline,
    plainInBlock,
    plainInFlow: plainInBlock && !flowIndicator.test(text),
    singleQuoted,
    literal: !needsEscapes && !text.endsWith(' '),
  };
}

/** The style PyYAML chooses. `plainIsSame`: without quotes the text would have the same tag. */
export function chooseStyle(
  { text, wish, plainIsSame }: { text: string; wish: ScalarStyle; plainIsSame: boolean },
  { inFlow, isKey }: ScalarPlace,
): ScalarStyle {
  const analysis = analyzeScalar(text);
  if (wish === '' && plainIsSame && !(isKey && (text === '' || analysis.multiline))) {
    if (inFlow ? analysis.plainInFlow : analysis.plainInBlock) return '';
  }
  if (wish === '|' && !inFlow && !isKey && analysis.literal) return '|';
  return wish === '' && analysis.singleQuoted && !(isKey && analysis.multiline) ? "'" : '"';
}
