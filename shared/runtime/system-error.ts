import { dirname } from 'node:path';
import type { CodedError } from '../errors/catalogue.ts';
import { sharedError } from '../errors/shared-errors.ts';

/** The settings that ports are opened by. */
const PORTS = ['EXTENDER_PORT', 'API_PORT', 'POLLER_PORT', '--port'];
/** The settings that files are written by: folders, and files whose folder counts. */
const FOLDERS = ['DATA_DIR'];
const FILES = ['CACHE_FILE'];

/**
 * What the operating system or SQLite refused, as an error of the catalogue that names the setting and what to do.
 * Undefined for any other error, whose stack says more.
 */
export function toSystemError(
  error: unknown,
  settings: Readonly<Record<string, unknown>> = {},
): CodedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (/^ERR_SQLITE/.test(code)) return databaseError(error, settings);
  if (typeof syscall !== 'string') return undefined;
  if (syscall === 'listen' || syscall === 'getaddrinfo') return portError(error, settings);
  return path === undefined ? undefined : pathError(error, path, settings);
}

function portError(
  error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string },
  settings: Readonly<Record<string, unknown>>,
): CodedError | undefined {
  const { code, port = 0, hostname = '', address = hostname } = error;
  const given = PORTS.filter((name) => name in settings);
  const names = given.filter((name) => settings[name] === port);
  const setting = (names.length > 0 ? names : given).join(' or ') || 'the port';
  const hosts = given.map((each) => each.replace('_PORT', '_HOST').replace('--port', '--host'));
  const asked = hosts.filter((each) => settings[each] === (error.address ?? hostname));
  const host = (asked.length > 0 ? asked : hosts).join(' or ') || 'the address';
  switch (code) {
    case 'EADDRINUSE':
      return sharedError('PORT_TAKEN', { port, address, setting }, { cause: error });
    case 'EACCES':
      return sharedError('PORT_FORBIDDEN', { port, address, setting }, { cause: error });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return sharedError('ADDRESS_UNKNOWN', { address, setting: host }, { cause: error });
    default:
      return undefined;
  }
}

function pathError(error: Error, path: string, settings: Readonly<Record<string, unknown>>): CodedError | undefined {
  const detail = error.message;
  const exact = Object.keys(settings).find((each) => settings[each] === path && !FILES.includes(each));
  const folders = [
    ...FOLDERS.map((name) => [name, settings[name]] as const),
    ...FILES.map((name) => [name, typeof settings[name] === 'string' ? dirname(settings[name]) : undefined] as const),
  ];
  const [within] = folders.find(([, folder]) => typeof folder === 'string' && path.startsWith(folder)) ?? [];
  const setting = exact ?? within;
  if (setting === undefined) return undefined;
  if (/^(EEXIST|ENOTDIR)/.test(detail)) return sharedError('FOLDER_NEEDED', { setting, detail }, { cause: error });
  return sharedError('FILE_UNUSABLE', { setting, detail, user: user() }, { cause: error });
}

function databaseError(error: Error, { DATA_DIR }: Readonly<Record<string, unknown>>): CodedError {
  const facts = { folder: typeof DATA_DIR === 'string' ? DATA_DIR : 'not set', detail: error.message };
  if (/unable to open|readonly/.test(error.message))
    return sharedError('DATABASE_FILE_FORBIDDEN', { ...facts, user: user() }, { cause: error });
  return sharedError('DATABASE_FILE_UNUSABLE', facts, { cause: error });
}

function user(): string {
  return process.getuid === undefined ? 'this user' : `this user (uid ${process.getuid()})`;
}
