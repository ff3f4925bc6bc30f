import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Logger } from './logger.ts';

/** Everything that is wrong with a configuration, one setting per line. */
export class ConfigError extends Error {
  readonly issues: readonly string[];

  constructor(process: string, issues: readonly string[]) {
    super(
      `${process}: ${issues.length === 1 ? 'a setting is' : `${issues.length} settings are`} not valid; correct and start again:\n${issues.map((issue) => `  - ${issue}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.issues = issues;
  }
}

/** What a setting's `.meta()` may say beside its description. */
export interface SettingMeta {
  readonly description?: string;
  /** Never shown; may also be given as the path of a file in NAME_FILE. */
  readonly secret?: boolean;
  /** The name that the setting had before: still read, with a warning in the log (see {@link renamedSettings}). */
  readonly formerly?: string;
  /** The value that the environment as a whole implies, whatever the setting itself says; undefined: its own. */
  readonly implied?: (env: Environment) => ImpliedValue | undefined;
}

/** A value that other settings imply, and the code of the warning that it deserves. */
export interface ImpliedValue {
  readonly value: string;
  readonly warning?: string;
}

/** The environment as Node has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a schema's settings from the environment; empty counts as unset. Throws a ConfigError that names every issue. */
export function loadConfig<Shape extends z.ZodRawShape>(
  process: string,
  schema: z.ZodObject<Shape>,
  env: Environment,
): z.output<z.ZodObject<Shape>> {
  const given: Record<string, string> = {};
  const issues: string[] = [];
  for (const [name, setting] of Object.entries(schema.shape)) {
    try {
      const secret = isSecret(setting as z.ZodType);
      const { formerly, implied } = metaOf(setting as z.ZodType);
      const own = givenValue(name, secret, env) ?? (formerly && givenValue(formerly, secret, env));
      const value = implied?.(env)?.value ?? own;
      if (value !== undefined) given[name] = value;
    } catch (error) {
      issues.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    issues.push(...issuesOf(schema, given, parsed.error).map((issue) => describeIssue(schema, issue, given)));
  if (issues.length > 0) throw new ConfigError(process, issues);
  return parsed.data as z.output<z.ZodObject<Shape>>;
}

/** Something about the settings of an environment that is worth a warning, with the code of its catalogue entry. */
export interface SettingWarning {
  readonly code: string;
  readonly name: string;
  /** The former name under which the setting was given. */
  readonly given?: string;
  /** Values that were read as other ones, by what was given. */
  readonly corrections?: Readonly<Record<string, string>>;
}

/** Settings that the environment gives under the name that they had before, or that have an effect which few expect. */
export function settingWarnings(schema: z.ZodObject, env: Environment): SettingWarning[] {
  return Object.entries(schema.shape).flatMap(([name, setting]) => {
    const { formerly: given, implied } = metaOf(setting as z.ZodType);
    const code = implied?.(env)?.warning;
    const warnings: SettingWarning[] = code === undefined ? [] : [{ code, name }];
    if (given !== undefined && (env[given] ?? env[`${given}_FILE`]))
      warnings.push({ code: 'SETTING_RENAMED', name, given });
    return warnings;
  });
}

/** Logs warnings about settings. */
export function logSettingWarnings(logger: Logger, warnings: readonly SettingWarning[]): void {
  for (const { name: setting, ...facts } of warnings)
    if (facts.given === undefined)
      logger.warn({ setting, ...facts }, 'a setting may not do what you expect; look up its code in docs/errors.md');
    else logger.warn({ setting, ...facts }, 'a setting was given under its former name; use the new one');
}

/** The settings as they may be shown: secrets as `***`, unset ones left out. */
export function redacted(schema: z.ZodObject, config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = Object.entries(schema.shape)
    .filter(([name]) => config[name] !== undefined)
    .map(([name, setting]) => [name, isSecret(setting as z.ZodType) ? '***' : plain(config[name])]);
  return Object.fromEntries(shown);
}

/** A value as it may be shown: maps as JSON has them, addresses without their passwords. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'string' ? withoutPasswords(value) : value;
}

/** Hides the passwords of addresses such as https://user:password@host within a text. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/(\w:\/\/[^\s:/?#@]*):[^\s/?#]*@/g, '$1:***@');
}

/** Whether a setting is marked secret. */
export function isSecret(setting: z.ZodType): boolean {
  return metaOf(setting).secret === true;
}

function metaOf(setting: z.ZodType): SettingMeta {
  return (setting.meta() as SettingMeta | undefined) ?? {};
}

/** A whole number in a range. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const message = `is not a whole number ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}`;
  return z.coerce.number({ error: message }).int(message).min(min, message).max(max, message);
}

/** A positive number; fractions allowed. */
export function positive(max: number = Number.MAX_SAFE_INTEGER) {
  const message = `is not a number above 0${max === Number.MAX_SAFE_INTEGER ? '' : ` and up to ${max}`}`;
  return z.coerce.number({ error: message }).positive(message).max(max, message);
}

/** A TCP port; 0 lets the system choose. */
export function port() {
  return integer(0, 65_535);
}

/** An address to listen on, or a name of one; what looks like an address has to be one. */
export function listenAddress() {
  const wrong = (text: string) => (/^[\d.]+$/.test(text) && !isIPv4(text)) || (text.includes(':') && !isIPv6(text));
  return z.string().refine((text) => !wrong(text), 'is not an IPv4 or IPv6 address');
}

/** A switch: true, yes, on, 1 or false, no, off, 0. */
export function flag() {
  return z.stringbool({ error: 'is neither true nor false' });
}

/** An http or https address, kept as it was given but for slashes at its end. */
export function httpUrl() {
  return z
    .string()
    .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'is not an http or https address')
    .transform((text) => text.replace(/\/+$/, ''));
}

/** A list with commas between its items; spaces and empty items are dropped. */
export function list() {
  return z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
}

/** All issues: those of single settings, and those that show only when the settings without them are seen together. */
function issuesOf(schema: z.ZodObject, given: Record<string, string>, first: z.ZodError): z.core.$ZodIssue[] {
  const invalid = new Set(first.issues.map(({ path }) => String(path[0])));
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !invalid.has(name)));
  const second = schema.safeParse(others).error?.issues ?? [];
  return [...first.issues, ...second.filter(({ path }) => !invalid.has(String(path[0])))];
}

function givenValue(name: string, secret: boolean, env: Environment): string | undefined {
  const direct = env[name]?.trim();
  if (direct) return direct;
  const file = secret ? env[`${name}_FILE`]?.trim() : undefined;
  return file ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}

function describeIssue(schema: z.ZodObject, issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const name = String(issue.path[0] ?? '');
  if (name === '') return issue.message;
  if (given[name] === undefined) return `${name}: ${issue.code === 'custom' ? issue.message : 'is missing'}`;
  const setting = schema.shape[name] as z.ZodType | undefined;
  const shown = setting && isSecret(setting) ? '(hidden)' : JSON.stringify(withoutPasswords(given[name]));
  return `${name}: ${shown} ${inOurWords(issue)}`;
}

/** The message of an issue as the end of a sentence, also where a setting has no message of its own. */
function inOurWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid'))
    return `is not one of ${issue.values.join(', ')}`;
  if (issue.code === 'too_small' && issue.origin === 'array') return 'names nothing';
  return issue.message;
}
