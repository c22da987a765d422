import { readFileSync } from 'node:fs';
import type { Grammar } from './grammar.ts';

interface GrammarFile {
  /** Lines of YAML. */
  readonly variables: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly forms: Grammar;
}

const file = new URL('../fixtures/jinja_grammar.json', import.meta.url);
const { variables, files, forms } = JSON.parse(readFileSync(file, 'utf8')) as GrammarFile;

/** Expressions (`<any>`) and whole templates (`<template>`) in the ways that formulas write them, and some wrong ones. */
export const jinjaGrammar: Grammar = forms;

/** The variables that generated templates read, as YAML. */
export const grammarVariables = variables.join('\n');

/** Files that generated templates import, include and extend. */
export const grammarFiles = files;
