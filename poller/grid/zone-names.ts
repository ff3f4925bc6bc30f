import type { z } from 'zod';
import { isKnownZone, zoneProblem } from '../../shared/grid/known-zones.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import { ConfigError } from '../../shared/runtime/config.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { GridProvider } from './provider.ts';
import { type GridSettings, isConfigured, type ProviderName } from './settings.ts';

/** A name of ZONES as it was written, and the grid zone behind it. */
export interface NamedZone {
  readonly name: string;
  readonly zone: Zone;
}

/** The names of ZONES with their grid zones, each name once; several names may mean one zone. */
export function namedZones(names: readonly string[]): NamedZone[] {
  const named = new Map<string, NamedZone>();
  for (const name of names) {
    const parsed = parseZone(name);
    if (parsed.kind !== 'malformed') named.set(name, { name, zone: parsed.zone });
  }
  return [...named.values()];
}

/** Refuses zones that no table has and that no configured provider could have. */
export function checkZones(
  config: GridSettings & { readonly ZONES: readonly string[] },
  context: z.RefinementCtx,
): void {
  const uses = (name: ProviderName) => (config.GRID_PROVIDERS?.includes(name) ?? true) && isConfigured(name, config);
  const hasCatalogue = (['electricity-maps', 'json'] as const).some(uses) || config.REPLAY_TRACE !== undefined;
  for (const { name, zone } of namedZones(config.ZONES)) {
    // Settings that are invalid themselves are checked here too, before they are maps.
    const isMapped = [config.WATTTIME_REGIONS, config.CARBON_AWARE_SDK_LOCATIONS].some(
      (map: unknown) => map instanceof Map && map.has(zone),
    );
    if (isKnownZone(zone) || hasCatalogue || isMapped) continue;
    context.addIssue({ code: 'custom', path: ['ZONES'], message: `contains "${name}", which ${zoneProblem(name)}` });
  }
}

/**
 * Makes sure that every zone is known to a table or to a provider; throws a ConfigError that names the others. A provider
 * that cannot be reached leaves it open: such zones are polled, with a warning.
 */
export async function requireKnownZones(
  named: readonly NamedZone[],
  providers: readonly GridProvider[],
  logger: Logger,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const problems: string[] = [];
  for (const { name, zone } of named) {
    if (isKnownZone(zone)) continue;
    const answers = await Promise.all(providers.map((provider) => provider.knows?.(zone, signal) ?? false));
    if (answers.includes(true)) continue;
    if (answers.includes(undefined))
      logger.warn(
        { code: 'ZONE_NOT_VERIFIED', zone: name },
        'could not check whether a provider knows a zone of ZONES',
      );
    else problems.push(`ZONES: "${name}" ${zoneProblem(name)}`);
  }
  if (problems.length > 0) throw new ConfigError('poller', problems);
}

/** The names under which a zone is published; its code where ZONES has no other. */
export function namesOf(named: readonly NamedZone[], zone: Zone): string[] {
  return named.filter((each) => each.zone === zone).map(({ name }) => name);
}
