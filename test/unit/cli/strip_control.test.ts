import { describe, expect, it } from 'vitest';
import { stripControl } from '../../../cli/strip_control.ts';

describe('stripControl', () => {
  it.each([
    ['plain é 日本 🎉\n\ttext', 'plain é 日本 🎉\n\ttext'],
    ['\x1b[31mred\x1b[0m', '?[31mred?[0m'],
    ['title\x1b]0;x\x07', 'title?]0;x?'],
    ['a\rb\bc\0', 'a?b?c?'],
    ['\x9b2J\x7f', '?2J?'],
    ['abc\u202etxt.exe\u2066', 'abc?txt.exe?'],
  ])('makes of %j %j', (text, expected) => {
    expect(stripControl(text)).toBe(expected);
  });
});
