import { isKnownZone, zoneProblem } from '../grid/known-zones.ts';
import { type EpochMs, isoTime } from '../grid/units.ts';
import { yearlyIntensity } from '../grid/yearly-intensity.ts';
import type { Zone } from '../grid/zones.ts';
import type { Contracts, EnergyContract } from './contracts.ts';

/** Why a contract matches nothing, now or ever, or makes market-based figures worse than location-based ones. */
export const CONTRACT_ISSUE_REASONS = [
  'unknown-zone',
  'no-node-in-zone',
  'ended',
  'nothing-delivered',
  'above-location',
] as const;

/** Something about a contract or residual mix that its owner most likely did not mean. */
export interface ContractIssue {
  /** Name of the contract, or `residual_mix` with its zone. */
  readonly contract: string;
  readonly reason: (typeof CONTRACT_ISSUE_REASONS)[number];
  /** What is wrong, as a predicate for a sentence that begins with the name. */
  readonly problem: string;
}

/**
 * Looks for contracts without any effect on hours from now on, and for factors above the yearly average of the zone.
 * `nodeZones` has the zones that nodes are in; undefined where that is not known yet.
 */
export function contractIssues(
  { contracts, residualMixes }: Contracts,
  now: EpochMs,
  nodeZones?: ReadonlySet<Zone>,
): ContractIssue[] {
  return [
    ...contracts.flatMap((contract) =>
      named(contract.name, [...zoneIssues(contract.zone, nodeZones), ...ownIssues(contract, now)]),
    ),
    ...residualMixes.flatMap(({ zone }) => named(`residual_mix of ${zone}`, zoneIssues(zone, nodeZones))),
  ];
}

type Issue = Omit<ContractIssue, 'contract'>;

function named(contract: string, issues: readonly Issue[]): ContractIssue[] {
  return issues.map((issue) => ({ contract, ...issue }));
}

function zoneIssues(zone: Zone, nodeZones: ReadonlySet<Zone> | undefined): Issue[] {
  if (nodeZones?.has(zone) === true) return [];
  if (!isKnownZone(zone))
    return [{ reason: 'unknown-zone', problem: `matches nothing: its zone ${zone} ${zoneProblem(zone)}` }];
  if (nodeZones === undefined) return [];
  const zones = [...nodeZones].sort().join(', ');
  const others = zones === '' ? 'no node has a known zone' : `nodes are in ${zones}`;
  return [{ reason: 'no-node-in-zone', problem: `matches nothing: no node is in its zone ${zone}; ${others}` }];
}

function ownIssues({ zone, to, kwh, gramsPerKwh }: EnergyContract, now: EpochMs): Issue[] {
  const issues: Issue[] = [];
  if (to <= now)
    issues.push({ reason: 'ended', problem: `matches nothing from now on: its period ended at ${isoTime(to)}` });
  if (kwh.amount === 0) issues.push({ reason: 'nothing-delivered', problem: 'matches nothing: it delivers 0 MWh' });
  const average = yearlyIntensity(zone);
  if (average !== undefined && gramsPerKwh > average.gramsPerKwh)
    issues.push({
      reason: 'above-location',
      problem: `makes figures worse: its ${gramsPerKwh} g/kWh are more than the ${average.gramsPerKwh} g/kWh that ${average.of} had on average in ${average.year}`,
    });
  return issues;
}
