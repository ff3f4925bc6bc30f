import type { z } from 'zod';
import { httpUrl, integer, list } from '../../shared/runtime/config.ts';

/** Where metrics are sent by OTLP; the names are OpenTelemetry's. */
export const otlpSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl()
    .optional()
    .describe(
      'OTLP endpoint (HTTP, protobuf) for energy and emissions by workload: http://collector:4318. Set it on one replica only',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: list()
    .transform((items, context) => {
      const headers: Record<string, string> = {};
      for (const item of items) {
        const [, name, value] = /^([^=\s]+)=(.*)$/.exec(item) ?? [];
        if (name !== undefined && value !== undefined) headers[name] = decodeURIComponent(value);
        else context.addIssue({ code: 'custom', message: 'is not a list of name=value' });
      }
      return headers;
    })
    .default({})
    .meta({ secret: true, description: 'Headers of OTLP requests: api-key=secret,tenant=7' }),
  OTEL_METRIC_EXPORT_INTERVAL: integer(1_000, 3_600_000)
    .default(60_000)
    .describe('Milliseconds between two exports by OTLP'),
};

/** Settings of the OTLP export, checked. */
export type OtlpConfig = z.output<z.ZodObject<typeof otlpSettings>>;
