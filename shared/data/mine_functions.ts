import { pyStr } from '../python_text.ts';

type Dict = Readonly<Record<string, unknown>>;

/** One entry of `mine_functions` (MIN-1). */
export interface MineFunction {
  /** Under which others ask for it: the function, or an alias of it. */
  readonly name: string;
  readonly fun: string;
  readonly args: readonly unknown[];
  readonly kwargs: Dict;
  /** Who may read it; nothing: every minion. */
  readonly access: MineAccess;
}

export interface MineAccess {
  readonly allow_tgt?: unknown;
  readonly allow_tgt_type?: unknown;
}

/**
 * `fun: [arguments]`, `fun: {keyword: value}`, or under an alias `[{mine_function: fun}, arguments…, {keyword: value}]`;
 * `allow_tgt` and `allow_tgt_type` among the keywords say who may read it.
 */
export function readMineFunctions(configured: Dict): readonly MineFunction[] {
  return Object.entries(configured).map(([name, definition]) => readMineFunction(name, definition));
}

function readMineFunction(name: string, definition: unknown): MineFunction {
  const parts = Array.isArray(definition) ? definition : [definition];
  const isKeywords = (part: unknown): part is Dict => typeof part === 'object' && part !== null && !Array.isArray(part);
  const keywords: Dict = Object.assign({}, ...parts.filter(isKeywords));
  const args = parts.filter((part) => !isKeywords(part) && part !== null && part !== undefined);
  const { mine_function: fun = name, allow_tgt, allow_tgt_type, ...kwargs } = keywords;
  return { name, fun: pyStr(fun), args, kwargs, access: accessOf(allow_tgt, allow_tgt_type) };
}

/** What is left out is not sent. */
export function accessOf(allowTgt: unknown, allowTgtType: unknown): MineAccess {
  return {
    ...(allowTgt !== undefined && allowTgt !== null && { allow_tgt: allowTgt }),
    ...(allowTgtType !== undefined && allowTgtType !== null && { allow_tgt_type: allowTgtType }),
  };
}
