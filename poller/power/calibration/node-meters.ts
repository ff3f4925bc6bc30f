import { isoTime, joules } from '../../../shared/grid/units.ts';
import { SiteEnergy } from '../../../shared/meters/site-energy.ts';
import type { CalibrationRecord } from '../../../shared/power-model/calibration.ts';
import type { MeterReadingsReader } from '../../../shared/records/meter-readings.ts';
import {
  type PowerReader,
  type PowerSample,
  type PowerWriter,
  type TimeRange,
  UNMETERED,
} from '../../../shared/records/power.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { NodeClosure } from '../node-closure.ts';
import type { PowerMetrics } from '../power-metrics.ts';
import { NOT_CLOSED } from '../recorder.ts';

/** A meter on the outlet of a node: all devices of a site, or one of them. */
export interface NodeMeter {
  readonly siteId: string;
  readonly deviceId?: string | undefined;
}

/** What the reader of meters needs. */
export interface NodeMetersOptions {
  readonly meterOf: ReadonlyMap<string, NodeMeter>;
  readonly meters: Pick<MeterReadingsReader, 'readings'>;
  readonly store: Pick<PowerWriter, 'append'> & Pick<PowerReader, 'samples'>;
  readonly calibration: CalibrationRecord;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
}

const MINUTE_MS = 60_000;
/** Readings further apart than this say nothing about the time between. */
const MAX_GAP_MS = 300_000;
/** Readings and samples of a minute arrive by then. */
const SETTLED_MS = 120_000;
/** After a start, and after a long outage, so much of the past is looked at. */
const LOOK_BACK_MS = 3_600_000;
const MOST_READINGS = 10_000;

/**
 * Compares nodes with the meters on their outlets, minute by minute: what the meter counted beyond everything that was
 * recorded of the node is `__unmetered__`, and its total corrects the model of the node's type.
 */
export class NodeMeters {
  readonly #options: NodeMetersOptions;
  readonly #positions = new Map<string, number>();
  /** Joules that were recorded beyond the meter: the next remainders are smaller by them. */
  readonly #owed = new Map<string, number>();
  readonly #closure = new NodeClosure();
  #failing = false;

  constructor(options: NodeMetersOptions) {
    this.#options = options;
  }

  /** Compares all minutes that are over; what cannot be read is compared later. */
  async compare(signal: AbortSignal): Promise<void> {
    const { clock, logger, meterOf } = this.#options;
    const until = minuteOf(clock.now() - SETTLED_MS);
    try {
      for (const [node, meter] of meterOf) {
        let at = Math.max(this.#positions.get(node) ?? 0, until - LOOK_BACK_MS);
        for (; at < until && !signal.aborted; at += MINUTE_MS) {
          await this.#minute(node, meter, { from: at, to: at + MINUTE_MS });
          this.#positions.set(node, at + MINUTE_MS);
        }
      }
      this.#failing = false;
    } catch (err) {
      if (!this.#failing)
        logger.warn({ code: 'METERS_NOT_COMPARED', err }, 'could not compare nodes with their meters');
      this.#failing = true;
    }
  }

  async #minute(node: string, meter: NodeMeter, range: TimeRange): Promise<void> {
    const metered = await this.#metered(meter, range);
    if (metered === undefined) return;
    const recorded = await this.#recorded(node, range);
    if (recorded.total === 0) return;
    // GPUs are not in the model.
    for (const [model, modelled] of recorded.byModel)
      this.#options.calibration.take({ node, model }, 'meter', range.from, {
        measured: metered - recorded.gpus,
        modelled,
        seconds: MINUTE_MS / 1000,
      });
    const left = metered - recorded.total - (this.#owed.get(node) ?? 0);
    const rest = Math.max(0, Math.round(left * 1000) / 1000);
    const names = { namespace: UNMETERED, pod: UNMETERED, container: UNMETERED, node };
    const sample: PowerSample = { container: names, start: range.from, end: range.to, joules: joules(rest) };
    await this.#options.store.append({ target: `meter ${node}`, samples: [sample] });
    this.#owed.set(node, Math.max(0, -left));
    this.#close(node, range.from, { recorded: recorded.total + rest, counted: metered });
  }

  /** Joules of the meter; undefined where its power is not known for all of the time. */
  async #metered({ siteId, deviceId }: NodeMeter, range: TimeRange): Promise<number | undefined> {
    const around = { from: range.from - MAX_GAP_MS, to: range.to + MAX_GAP_MS };
    const energy = new SiteEnergy(range, MAX_GAP_MS);
    for (const reading of await this.#options.meters.readings(siteId, around, MOST_READINGS))
      if (deviceId === undefined || reading.deviceId === deviceId) energy.add(reading);
    const devices = energy.hours();
    if (devices.length === 0 || devices.some(({ coveredMs }) => coveredMs < range.to - range.from)) return undefined;
    return devices.reduce((sum, { joules: each }) => sum + each, 0);
  }

  /** Joules that were recorded of a node: all, those of GPUs, and what each model had before its correction. */
  async #recorded(node: string, { from, to }: TimeRange) {
    let [total, gpus] = [0, 0];
    const byModel = new Map<string, number>();
    for await (const batch of this.#options.store.samples({ node }, { from, to }))
      for (const { container, start, end, joules: energy } of batch) {
        if (container.namespace === UNMETERED) continue;
        const within = (energy * (Math.min(end, to) - Math.max(start, from))) / (end - start);
        total += within;
        const { device, powerModel } = container;
        if (device === 'gpu') gpus += within;
        else if (powerModel !== undefined) {
          const plain = within / (powerModel.calibration?.factor ?? 1);
          byModel.set(powerModel.name, (byModel.get(powerModel.name) ?? 0) + plain);
        }
      }
    return { total, gpus, byModel };
  }

  #close(node: string, at: number, sums: { readonly recorded: number; readonly counted: number }): void {
    const { logger, metrics } = this.#options;
    const closed = this.#closure.take(node, at, sums);
    if (closed === undefined) return;
    metrics.meterClosure.set({ node }, closed.ratio);
    if (Math.abs(closed.ratio - 1) > NOT_CLOSED)
      logger.warn(
        { code: 'NODE_ABOVE_METER', node, hour: isoTime(closed.hour), ratio: closed.ratio },
        'more energy was recorded for a node than its outlet meter counted',
      );
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
