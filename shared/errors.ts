/**
 * Every failure an operator can cause or mend has a code here. Anything else that is thrown is a bug and is caught at
 * the four seams (a job, a listener, a reaction, a request), where it becomes MODULE_CRASHED.
 * `exit` is the process exit status (sysexits numbers, as Salt uses them), `http` the status of the HTTP API.
 */
export const errorTable = {
  ARGS_INVALID: { exit: 64, http: 400, summary: 'A function was called with wrong arguments.' },
  USAGE: { exit: 64, http: 400, summary: 'A command line was wrong.' },
  CONFIG_INVALID: { exit: 78, http: 500, summary: 'A configuration file, variable or flag is wrong.' },
  TARGET_INVALID: { exit: 64, http: 400, summary: 'A target expression cannot be read.' },
  TARGET_EMPTY: { exit: 2, http: 404, summary: 'No minion matches the target.' },
  QUORUM_MISSED: { exit: 1, http: 409, summary: 'Fewer minions are connected than the job asks for.' },
  FUNCTION_UNKNOWN: { exit: 1, http: 404, summary: 'There is no function of that name.' },
  MODULE_UNAVAILABLE: { exit: 1, http: 409, summary: 'A module cannot work on this machine.' },
  COMMAND_FAILED: { exit: 1, http: 500, summary: 'A function ran and could not do what was asked.' },
  MESSAGE_INVALID: { exit: 65, http: 400, summary: 'A message does not have the shape the protocol gives it.' },
  SIGNATURE_INVALID: { exit: 77, http: 403, summary: 'A signed job does not verify.' },
  LIMIT_EXCEEDED: { exit: 75, http: 429, summary: 'A limit was reached; the text names it.' },
  NOT_PERMITTED: { exit: 77, http: 403, summary: 'The caller may not do this.' },
  KEY_UNKNOWN: { exit: 1, http: 404, summary: 'No key matches.' },
  KEY_MISMATCH: { exit: 77, http: 403, summary: 'A key is not the one that was pinned or accepted.' },
  JOB_UNKNOWN: { exit: 1, http: 404, summary: 'There is no job of that id.' },
  MASTER_UNREACHABLE: { exit: 69, http: 503, summary: 'The master does not answer.' },
  ADDRESS_IN_USE: { exit: 69, http: 503, summary: 'A port or socket is taken by another process.' },
  FILE_UNREADABLE: { exit: 66, http: 500, summary: 'A file cannot be read or written.' },
  TIMED_OUT: { exit: 75, http: 504, summary: 'A time limit was reached; the text names it.' },
  MODULE_CRASHED: { exit: 70, http: 500, summary: 'A bug: the code threw something it should not.' },
} as const;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/**
 * A failure with a code. The message is lower-case, without a full stop, and says what and where; the hint says what to
 * do.
 */
export class FleetError extends Error {
  override readonly name = 'FleetError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.hint = options.hint;
  }
}

/** What leaves the process of an error: never a stack, never a class name. */
export function toReport(error: unknown): ErrorReport {
  if (error instanceof FleetError) {
    return { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
  }
  return {
    code: 'MODULE_CRASHED',
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}

/** A report that came over the wire, as the error it was. */
export function fromReport(report: ErrorReport): FleetError {
  return new FleetError(report.code, report.message, report.hint === undefined ? {} : { hint: report.hint });
}

export function exitStatus(error: unknown): number {
  return errorTable[toReport(error).code].exit;
}

/** One line for a terminal or a log: the message, then what to do. */
export function errorLine(error: unknown): string {
  const { message, hint } = toReport(error);
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** The `code` of an error of the system or of Node (ENOENT …), or undefined. Our own codes are none of these. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof FleetError) return undefined;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
