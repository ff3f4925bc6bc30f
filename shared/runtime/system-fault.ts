import { dirname } from 'node:path';

/** The settings that ports are opened by. */
const PORTS = ['EXTENDER_PORT', 'API_PORT', 'POLLER_PORT', '--port'];
/** The settings that files are written by: folders, and files whose folder counts. */
const FOLDERS = ['DATA_DIR'];
const FILES = ['CACHE_FILE'];

/**
 * What the operating system or SQLite refused: what is wrong, by which setting, and what to do about it. Undefined for
 * any other fault, of which the stack says more.
 */
export function describeSystemFault(
  error: unknown,
  settings: Readonly<Record<string, unknown>> = {},
): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (/^ERR_SQLITE/.test(code)) return sqliteFault(error, settings);
  if (typeof syscall !== 'string') return undefined;
  if (syscall === 'listen' || syscall === 'getaddrinfo') return portFault(error, settings) ?? error.message;
  return path === undefined ? error.message : pathFault(error, path, settings);
}

function portFault(
  error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string },
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  const { code, address, hostname, port } = error;
  const given = PORTS.filter((name) => name in settings);
  const names = given.filter((name) => settings[name] === port);
  const name = (names.length > 0 ? names : given).join(' or ') || 'the port';
  const hosts = given.map((each) => each.replace('_PORT', '_HOST').replace('--port', '--host'));
  const asked = hosts.filter((each) => settings[each] === (address ?? hostname));
  const host = (asked.length > 0 ? asked : hosts).join(' or ') || 'the address';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is taken by another program: stop that one, or set ${name} to a free port`;
    case 'EACCES':
      return `port ${port} on ${address} may not be opened by this user: set ${name} to one above 1023`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${address}: set ${host} to one of its own, or to 0.0.0.0 for all`;
    case 'ENOTFOUND':
      return `"${hostname}" is no address of this machine: set ${host} to one of its own, or to 0.0.0.0 for all`;
    default:
      return undefined;
  }
}

function pathFault(error: Error, path: string, settings: Readonly<Record<string, unknown>>): string {
  const exact = Object.keys(settings).find((each) => settings[each] === path && !FILES.includes(each));
  if (exact !== undefined && !FOLDERS.includes(exact)) return `${exact}: ${error.message}`;
  const folders = [
    ...FOLDERS.map((name) => [name, settings[name]] as const),
    ...FILES.map((name) => [name, typeof settings[name] === 'string' ? dirname(settings[name]) : undefined] as const),
  ];
  const [name] = folders.find(([, folder]) => typeof folder === 'string' && path.startsWith(folder)) ?? [];
  if (name === undefined) return error.message;
  if (/^(EEXIST|ENOTDIR)/.test(error.message))
    return `${name}: a folder is needed where there is a file (${error.message}). Set ${name} to another place`;
  return `${name}: ${error.message}. Let ${user()} write there, or set ${name} to another place`;
}

function sqliteFault(error: Error, { DATA_DIR }: Readonly<Record<string, unknown>>): string {
  const where = typeof DATA_DIR === 'string' ? ` in DATA_DIR (${DATA_DIR})` : '';
  const hint = /unable to open|readonly/.test(error.message)
    ? `. Let ${user()} write there, or set DATA_DIR to another folder`
    : '';
  return `the database${where}: ${error.message}${hint}`;
}

function user(): string {
  return process.getuid === undefined ? 'this user' : `this user (uid ${process.getuid()})`;
}
