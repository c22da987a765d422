import { systemErrorCode } from './errors.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'there is something else of that name',
  EISDIR: 'it is a directory',
  EIO: 'the disk failed',
  EMFILE: 'too many files are open',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is not a directory',
  EPERM: 'it is not permitted',
  EROFS: 'the file system is read-only',
};

/** Why the operating system did not read, write or make a file, in words for an operator; else its code. */
export function systemReason(error: unknown): string {
  const code = systemErrorCode(error);
  return code === undefined ? String(error) : (reasons[code] ?? code);
}
