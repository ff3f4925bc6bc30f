import { z } from 'zod';
import { cliConfigSchema } from '../../cli/settings.ts';
import { extenderConfigSchema } from '../../extender/config.ts';
import { pollerConfigSchema } from '../../poller/config.ts';
import { isSecret } from '../../shared/runtime/config.ts';

/** The page of all settings, from the schemas that read them. */
export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    'Generated from the code by `npm run docs`. Every setting is an environment variable; an empty one counts as unset.',
    'A secret may also be given as the path of a file in `NAME_FILE`. `npm run -s poller -- --check-config` (and the',
    'same for `extender`) checks all settings, prints them with secrets hidden, and exits with 1 naming every invalid setting.',
    '',
    ...section('Poller', pollerConfigSchema),
    ...section('Extender', extenderConfigSchema),
    ...section('Reporting commands of `carbon`, and `co2e-calculator`', cliConfigSchema),
  ].join('\n');
}

function section(title: string, schema: z.ZodObject): string[] {
  const names = Object.keys(schema.shape).sort();
  return [
    `## ${title}`,
    '',
    '| variable | default | meaning |',
    '|---|---|---|',
    ...names.map((name) => row(name, schema.shape[name] as z.ZodType)),
    '',
  ];
}

function row(name: string, setting: z.ZodType): string {
  const secret = isSecret(setting) ? ' *(secret)*' : '';
  return `| \`${name}\` | ${defaultOf(setting)} | ${(setting.description ?? setting.meta()?.description ?? '').replaceAll('|', '\\|')}${secret} |`;
}

function defaultOf(setting: z.ZodType): string {
  if (!(setting instanceof z.ZodDefault)) return '';
  const value: unknown = setting.def.defaultValue;
  if (value instanceof Map) return value.size === 0 ? '' : `\`${JSON.stringify([...value])}\``;
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``;
}
