import type { EpochMs } from '../grid/units.ts';
import type { TimeRange } from './power.ts';

/** Facts about a record that are kept as JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a service's requests emitted in a region and period; fields are named as the columns of `workload_emissions`. */
export interface WorkloadEmissions {
  readonly service_name: string;
  readonly region: string;
  readonly period_start: EpochMs;
  /** Not included. */
  readonly period_end: EpochMs;
  readonly request_count: number;
  readonly total_kWh: number;
  readonly avg_kWh_per_request: number;
  readonly total_gCO2e: number;
  readonly gCO2e_per_1k_requests: number;
  readonly avg_grid_gCO2_per_kWh: number;
  readonly min_grid_gCO2_per_kWh: number;
  readonly max_grid_gCO2_per_kWh: number;
  readonly calculation_method: string;
  /** Zone, source, quality and coverage of the intensity, and the energy profile. */
  readonly assumptions: JsonObject;
  /** The user's own. */
  readonly metadata: JsonObject;
}

/** A record as the store has it. */
export interface SavedWorkload extends WorkloadEmissions {
  readonly created_at: EpochMs;
  readonly updated_at: EpochMs;
}

/** Narrows a query; absent fields match everything. */
export interface WorkloadFilter {
  readonly service?: string | undefined;
  readonly region?: string | undefined;
}

/** The time that a budget renews in, by the calendar in UTC. */
export const BUDGET_PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const;
/** The time that a budget renews in. */
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** What a budget limits: a namespace's measured containers, or a service's saved records. */
export interface BudgetKey {
  readonly kind: 'namespace' | 'service';
  readonly name: string;
  readonly per: BudgetPeriod;
}

/** Grams of CO2e that may be emitted per period, and how far alerts have gone in the present one. */
export interface Budget extends BudgetKey {
  /** gCO2e, above 0. */
  readonly grams: number;
  /** Start of the period that the last alert was about; null before the first. */
  readonly alerted_period: EpochMs | null;
  /** Share that the last alert was about: 0.8 or 1; 0 before the first. */
  readonly alerted_share: number;
}

/** Keeps what workloads emitted. */
export interface WorkloadWriter {
  /** One record per service, region and period: a further one replaces it. All or none; durable when it resolves. */
  saveWorkloads(records: readonly WorkloadEmissions[]): Promise<{ created: number; updated: number }>;
}

/** Reads what workloads emitted. */
export interface WorkloadReader {
  /** Records whose period overlaps the range, by start, service and region. */
  workloads(filter: WorkloadFilter, range: TimeRange): Promise<SavedWorkload[]>;
}

/** Keeps carbon budgets. */
export interface BudgetBook {
  budgets(): Promise<Budget[]>;
  /** Sets or changes a budget; alerts begin anew. */
  setBudget(budget: BudgetKey & { readonly grams: number }): Promise<void>;
  /** False when there was none. */
  removeBudget(key: BudgetKey): Promise<boolean>;
  /** Remembers that an alert about a share went out for the period that starts then. */
  noteAlert(key: BudgetKey, period: EpochMs, share: number): Promise<void>;
}

/** The store of workloads and budgets; its tables are made by the first write. */
export type WorkloadStore = WorkloadWriter & WorkloadReader & BudgetBook;
