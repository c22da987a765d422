import { excerptAt, placeAt, type SourcePlace } from './source_place.ts';

/** The part of the loader that refused the text. */
export type YamlStage = 'reader' | 'scanner' | 'parser' | 'composer' | 'constructor';

export interface YamlProblem {
  readonly stage: YamlStage;
  readonly problem: string;
  /** Offset in the text, in UTF-16 units. */
  readonly at: number;
  /** What was being read, and where that began. */
  readonly context?: string | undefined;
  readonly contextAt?: number | undefined;
  /** Another place that has a part in it: where a duplicate key stood first. */
  readonly relatedAt?: number | undefined;
}

/** A text that is not YAML, or not YAML that is allowed here. The message is PyYAML's, excerpts included. */
export class YamlError extends Error {
  readonly stage: YamlStage;
  readonly problem: string;
  readonly context: string | undefined;
  readonly place: SourcePlace;
  readonly contextPlace: SourcePlace | undefined;
  readonly relatedPlace: SourcePlace | undefined;
  readonly source: string;

  constructor(source: string, details: YamlProblem) {
    super(describe(source, details));
    this.name = 'YamlError';
    this.stage = details.stage;
    this.problem = details.problem;
    this.context = details.context;
    this.source = source;
    this.place = placeAt(source, details.at);
    this.contextPlace = details.contextAt === undefined ? undefined : placeAt(source, details.contextAt);
    this.relatedPlace = details.relatedAt === undefined ? undefined : placeAt(source, details.relatedAt);
  }
}

function describe(source: string, { stage, problem, at, context, contextAt }: YamlProblem): string {
  if (stage === 'reader') {
    return `${problem}\n  in "<unicode string>", position ${Array.from(source.slice(0, at)).length}`;
  }
  const lines = context === undefined ? [] : [context];
  if (contextAt !== undefined && !isSamePlace(source, contextAt, at)) lines.push(describePlace(source, contextAt));
  lines.push(problem, describePlace(source, at));
  return lines.join('\n');
}

/** In PyYAML's eyes, which count no byte order marks. */
function isSamePlace(source: string, left: number, right: number): boolean {
  const [a, b] = [placeAt(source, left), placeAt(source, right)];
  return a.line === b.line && a.column === b.column;
}

function describePlace(source: string, at: number): string {
  const { line, column } = placeAt(source, at);
  return `  in "<unicode string>", line ${line}, column ${column}:\n${excerptAt(source, at)}`;
}
