import type { PowerWriter } from '../../../shared/records/power.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { nodePowerFile } from '../../../shared/runtime/node-power-setting.ts';
import { zoneByName } from '../../../shared/runtime/zone-settings.ts';
import type { PollerConfig } from '../../config.ts';
import type { MeasuredNodes } from '../calibration/measured-nodes.ts';
import type { CounterLimits } from '../counter-increase.ts';
import { ExporterAccess } from '../exporter-access.ts';
import { ExporterMemory } from '../exporter-memory.ts';
import { nodePowerWriter } from '../node-power-file.ts';
import { NodePowerMeter } from '../node-power-meter.ts';
import { byNode, type KeplerScrape, onNode } from '../observation.ts';
import type { PowerMetrics } from '../power-metrics.ts';
import { RecentNodes } from '../recent-nodes.ts';
import { PowerRecorder } from '../recorder.ts';
import { ScrapeError } from '../scrape-error.ts';
import { someAtATime } from '../some-at-a-time.ts';
import { TargetHealth } from '../target-health.ts';
import type { Target } from '../targets.ts';
import { scrape } from './scrape.ts';

/** What the source needs. */
export interface KeplerSourceOptions {
  readonly config: PollerConfig;
  readonly store: Pick<PowerWriter, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  /** Longest time between two scrapes that still gives samples. */
  readonly maxGapMs: number;
  /** Exporters need not exist: another source serves their nodes. */
  readonly optional: boolean;
  /** Nodes whose GPUs another source records. */
  readonly gpusOf?: (() => ReadonlySet<string>) | undefined;
  /** Takes in what nodes draw, for the models of their types. */
  readonly measured?: MeasuredNodes | undefined;
}

/** Scrapes Kepler's exporters, and remembers each one's counters and health from one poll cycle to the next. */
export class KeplerSource implements AsyncDisposable {
  readonly #options: KeplerSourceOptions;
  readonly #limits: CounterLimits;
  readonly #access: ExporterAccess;
  readonly #health: TargetHealth;
  readonly #recorder: PowerRecorder;
  readonly #nodePower: NodePowerMeter;
  readonly #writeNodePower: ReturnType<typeof nodePowerWriter>;
  readonly #memories = new Map<string, ExporterMemory>();
  /** Hosts without a zone, so that each is logged once. */
  readonly #unplaced = new Set<string>();
  readonly #recent: RecentNodes;

  constructor(options: KeplerSourceOptions) {
    const { config, maxGapMs } = options;
    this.#options = options;
    this.#recent = new RecentNodes(maxGapMs, () => options.clock.monotonic());
    this.#limits = {
      maxGapMs,
      maxContainerRate: config.MAX_CONTAINER_WATTS,
      maxNodeRate: config.MAX_NODE_WATTS,
    };
    this.#access = new ExporterAccess(config);
    this.#health = new TargetHealth('kepler', options);
    this.#recorder = new PowerRecorder({ ...options, limits: this.#limits });
    this.#nodePower = new NodePowerMeter(this.#limits);
    this.#writeNodePower = nodePowerWriter(nodePowerFile(config), options);
  }

  /** Scrapes all targets, a few at a time; one that fails costs only itself. */
  async scrapeAll(targets: readonly Target[], signal: AbortSignal): Promise<void> {
    this.#retain(new Set(targets.map(({ name }) => name)));
    const { SCRAPE_CONCURRENCY } = this.#options.config;
    await someAtATime(targets, SCRAPE_CONCURRENCY, signal, (target) => this.#scrapeOne(target, signal));
    await this.#writeNodePower(this.#nodePower.wattsPerCore(this.#options.clock.monotonic()));
    this.#health.report();
    this.#options.metrics.nodes.set({ source: 'kepler' }, this.nodes().size);
  }

  /** Nodes whose energy was recorded lately: no other source may count them, too. */
  nodes(): ReadonlySet<string> {
    return this.#recent.names();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#access[Symbol.asyncDispose]();
  }

  async #scrapeOne(target: Target, signal: AbortSignal): Promise<void> {
    const memory = this.#memories.get(target.name) ?? new ExporterMemory();
    this.#memories.set(target.name, memory);
    try {
      await this.#record(target, memory, signal);
    } catch (error) {
      if (signal.aborted) return;
      // What is known of the body's version may be what was wrong: the next one is read whole.
      if (error instanceof ScrapeError) memory.totalIsSound = false;
      this.#health.failed(target.name, error);
    }
  }

  async #record(target: Target, memory: ExporterMemory, signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options;
    const started = clock.monotonic();
    const scraped = await this.#scrape(target, memory, signal);
    const host = hostOf(target.url);
    const isNamed = scraped.node !== '' || scraped.counters.every(({ node }) => node !== '');
    if (!isNamed && target.node === undefined) this.#warnOfNoZone(host);
    const body = onNode(scraped, target.node ?? host);
    const moment = { at: clock.now(), monotonic: clock.monotonic() };
    const nodes = byNode(body);
    for (const node of nodes) this.#nodePower.take({ ...node, monotonic: moment.monotonic });
    await this.#recorder.record(target.name, body, moment, memory);
    for (const { node } of nodes) this.#recent.saw(node, moment.monotonic);
    for (const [name, watts] of body.platform) this.#options.measured?.platform(name, watts, moment.monotonic);
    metrics.scrapeSeconds.observe((moment.monotonic - started) / 1000);
    metrics.lastScrape.set(moment.at / 1000);
    const { generation, version, basis, node } = body;
    this.#health.succeeded(target.name, { generation, version, basis, node });
  }

  async #scrape(target: Target, memory: ExporterMemory, signal: AbortSignal): Promise<KeplerScrape> {
    const { config } = this.#options;
    return scrape(target.name, target.url, {
      timeoutMs: config.SCRAPE_TIMEOUT_SECONDS * 1000,
      maxBytes: config.SCRAPE_MAX_BODY_MB * 1_048_576,
      zone: config.KEPLER_ZONE,
      totalIsSound: memory.totalIsSound,
      dispatcher: await this.#access.dispatcherFor(target),
      headers: await this.#access.headersFor(target),
      signal,
    });
  }

  /** No label of Kubernetes can place a node that nobody names: without a setting its energy has no grams. */
  #warnOfNoZone(host: string): void {
    const { config, logger } = this.#options;
    if (this.#unplaced.has(host) || zoneByName(config)(host) !== undefined) return;
    this.#unplaced.add(host);
    logger.warn(
      { code: 'NODE_WITHOUT_ZONE', node: host },
      'the exporter does not name its node and no setting gives the zone of its host, so its energy has no emissions; set DEFAULT_ZONE',
    );
  }

  #retain(names: ReadonlySet<string>): void {
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name);
    this.#health.retain(names);
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
