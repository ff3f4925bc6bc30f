const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, not a file',
  ENOTDIR: 'no such file: a part of its path is not a directory',
  EACCES: 'cannot be read by this user',
  EPERM: 'cannot be read by this user',
};

/** Why a file could not be read or understood, in plain words; the code of the system where it has none here. */
export function fileReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !code.startsWith('E')) return message;
  return REASONS[code] ?? `cannot be read (${code})`;
}
