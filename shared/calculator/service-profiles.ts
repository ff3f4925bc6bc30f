import builtIn from '../data/services.json' with { type: 'json' };
import { calculatorError, suggestionOf } from './error.ts';

/** How a profile's energy is known: measured on recorded containers, estimated, or given by the user's file. */
export type Confidence = 'measured' | 'estimated' | 'given';

/** What a measured profile rests on. */
export interface Measurement {
  /** ISO 8601 UTC. */
  readonly from: string;
  /** ISO 8601 UTC, not included. */
  readonly to: string;
  readonly requests: number;
  /** Part of the interval for which power was recorded, 0..1. */
  readonly coverage: number;
}

/** Hardware whose embodied emissions a service accounts for (the M of ISO/IEC 21031). */
export interface EmbodiedHardware {
  /** Making, moving and scrapping it, in kgCO2e. */
  readonly total_kg: number;
  readonly lifetime_years: number;
  /** Reserved part of its resources, 0..1. */
  readonly share: number;
}

/** Energy that one request of a service takes, and how that is known. */
export interface ServiceProfile {
  readonly service: string;
  readonly wh_per_request: number;
  readonly confidence: Confidence;
  readonly source: string;
  /** Power usage effectiveness of its data centre, ≥ 1; absent: 1, the energy of the machines alone. */
  readonly pue?: number;
  /** Share of hardware's making in one request (the M of ISO/IEC 21031, per request), gCO2e; absent: not known. */
  readonly embodied_g_per_request?: number;
  /** Or the hardware that is reserved for it all the time, from which the share of a period follows. */
  readonly embodied?: EmbodiedHardware;
  readonly measured?: Measurement;
}

/** Profiles by service name. */
export type ServiceProfiles = ReadonlyMap<string, ServiceProfile>;

/** The profiles that come with the product: rough estimates, labelled so. */
export function builtInProfiles(): ServiceProfiles {
  const profiles = Object.entries(builtIn).map(([service, wh]): [string, ServiceProfile] => [
    service,
    { service, wh_per_request: wh, confidence: 'estimated', source: 'built in' },
  ]);
  return new Map(profiles);
}

/** The profiles with others added; one of the same name takes the place of the first. */
export function withProfiles(profiles: ServiceProfiles, added: readonly ServiceProfile[]): ServiceProfiles {
  return new Map([...profiles, ...added.map((profile) => [profile.service, profile] as const)]);
}

/** The profile of a service; an error that names the nearest one when there is none. */
export function profileOf(profiles: ServiceProfiles, service: string): ServiceProfile {
  const found = profiles.get(service);
  if (found !== undefined) return found;
  throw calculatorError('SERVICE_UNKNOWN', { service, suggestion: suggestionOf(service, profiles.keys()) });
}
