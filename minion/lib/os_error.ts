import { getSystemErrorMap } from 'node:util';
import { systemErrorCode } from '../../shared/errors.ts';

/** The C library's words where libuv has its own. */
const texts: Readonly<Record<string, string>> = {
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOEXEC: 'Exec format error',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
};

/**
 * An operating system's error as Python prints it, which is what Salt's users read: `[Errno 2] No such file or
 * directory: '/x'`. Undefined for any other error.
 */
export function osErrorText(error: unknown): string | undefined {
  const code = systemErrorCode(error);
  const { errno, path, dest } = error as { readonly errno?: unknown; readonly path?: unknown; readonly dest?: unknown };
  if (code === undefined || typeof errno !== 'number') return undefined;
  const text = texts[code] ?? capitalised(getSystemErrorMap().get(errno)?.[1] ?? code);
  const paths = [path, dest].filter((item) => typeof item === 'string').map((item) => `'${item}'`);
  return `[Errno ${-errno}] ${text}${paths.length > 0 ? `: ${paths.join(' -> ')}` : ''}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
