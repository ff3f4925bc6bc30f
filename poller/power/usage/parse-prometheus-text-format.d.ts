declare module 'parse-prometheus-text-format' {
  /** A metric family as the package gives it. */
  interface Family {
    readonly name: string;
    readonly metrics: readonly {
      readonly value: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly timestamp_ms?: string;
    }[];
  }
  // biome-ignore lint/style/noDefaultExport: the package has no other export.
  export default function parsePrometheusTextFormat(body: string): Family[];
}
