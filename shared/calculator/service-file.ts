import { z } from 'zod';
import { type CalculatorError, calculatorError } from './error.ts';
import type { ServiceProfile } from './service-profiles.ts';

const amount = z.number().finite();

const profile = z.strictObject({
  wh_per_request: amount.positive(),
  confidence: z.enum(['measured', 'estimated', 'given']).default('given'),
  source: z.string().optional(),
  pue: amount.min(1).max(5).optional(),
  embodied_g_per_request: amount.nonnegative().optional(),
  embodied: z
    .strictObject({ total_kg: amount.positive(), lifetime_years: amount.positive(), share: amount.min(0).max(1) })
    .optional(),
  measured: z
    .strictObject({
      from: z.iso.datetime({ offset: true }),
      to: z.iso.datetime({ offset: true }),
      requests: z.number().int().positive(),
      coverage: amount.min(0).max(1),
    })
    .optional(),
});

const serviceFile = z.strictObject({
  services: z.record(
    z.string().min(1),
    z.union([amount.positive().transform((wh) => ({ wh_per_request: wh })), z.unknown()]),
  ),
});

/** Reads a parsed YAML or JSON file of profiles: `services: {name: Wh}` or `{name: {wh_per_request, …}}`. Errors: SERVICE_FILE_INVALID, which lists every issue. */
export function profilesFromFile(content: unknown, file: string): ServiceProfile[] {
  const parsed = serviceFile.safeParse(content);
  if (!parsed.success) throw invalidFile(file, parsed.error, []);
  return Object.entries(parsed.data.services).map(([service, value]) => {
    const known = profile.safeParse(value);
    if (!known.success) throw invalidFile(file, known.error, ['services', service]);
    const { pue, embodied_g_per_request, embodied, measured, source = file, ...rest } = known.data;
    return {
      service,
      ...rest,
      source,
      ...(pue !== undefined && { pue }),
      ...(embodied_g_per_request !== undefined && { embodied_g_per_request }),
      ...(embodied && { embodied }),
      ...(measured && { measured }),
    };
  });
}

function invalidFile(file: string, error: z.ZodError, within: readonly string[]): CalculatorError {
  const issues = error.issues.map(({ path, message }) => `${[...within, ...path].join('.') || 'file'}: ${message}`);
  return calculatorError('SERVICE_FILE_INVALID', { file, issues: issues.join('; ') });
}
