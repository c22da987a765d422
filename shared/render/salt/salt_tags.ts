import type { Arguments, CallNode, Expression, FilterNode, ImportNode, Statement } from '../jinja/nodes.ts';
import { parseExpression } from '../jinja/parse_expression.ts';
import { parseImport, parseTarget } from '../jinja/parse_statement.ts';
import type { Parser } from '../jinja/parser.ts';
import type { Tag } from '../jinja/tag.ts';

const noArguments: Arguments = { positional: [], keywords: [] };

/**
 * `{% load_yaml as x %}…{% endload %}`, `{% import_yaml 'file' as x %}`, their siblings for JSON and text, and `profile`. They
 * stand for tags of Jinja itself: a macro and a call of it, an import, and a filter.
 */
export const saltTags: readonly Tag[] = [
  { names: ['load_yaml', 'load_json', 'load_text'], parse: parseLoad },
  { names: ['import_yaml', 'import_json', 'import_text'], parse: parseImportData },
  { names: ['profile'], parse: parseProfile },
];

function parseLoad(parser: Parser): Statement[] {
  const { stream } = parser;
  const { at, text: filter } = stream.next();
  stream.expect('name', 'as');
  const target = parseTarget(parser, {});
  // A name that no template can write, so that it hides nothing.
  const name = `_load ${at}`;
  const body = parser.parseBodyAndEnd('endload');
  const macro: Expression = { type: 'Name', name, at };
  const call: CallNode = { type: 'Call', callee: macro, args: noArguments, at };
  return [
    { type: 'Macro', name, parameters: [], defaults: [], body, at },
    { type: 'Set', target, value: applyFilter(filter, call, at), at },
  ];
}

function parseImportData(parser: Parser): Statement[] {
  const { at, text } = parser.stream.current;
  const node = parseImport(parser) as ImportNode;
  const target: Expression = { type: 'Name', name: node.target, at };
  const filter = text.replace('import_', 'load_');
  return [node, { type: 'Set', target, value: applyFilter(filter, target, at), at }];
}

function applyFilter(name: string, target: Expression, at: number): FilterNode {
  return { type: 'Filter', target, name, args: noArguments, at };
}

/** The label is worked out, the body runs as if it stood alone; how long it took is nobody's business here. */
function parseProfile(parser: Parser): Statement[] {
  const { at } = parser.stream.next();
  parser.stream.expect('name', 'as');
  const label = parseExpression(parser.stream);
  return [{ type: 'Do', expression: label, at }, ...parser.parseBodyAndEnd('endprofile')];
}
