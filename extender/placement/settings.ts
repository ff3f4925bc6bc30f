import { z } from 'zod';
import { flag, integer, positive } from '../../shared/runtime/config.ts';
import { nodePowerSettings } from '../../shared/runtime/node-power-setting.ts';
import { parseAnnotations } from './annotations.ts';
import { MODES } from './mode.ts';
import { readClusterAnnotations } from './namespaces.ts';

/** How placement decisions are made and reported. */
export const placementSettings = {
  PLACEMENT_MODE: z
    .enum(MODES)
    .default('enforce')
    .describe(
      '`enforce`: ranks and filters; `advise`: only logs, counts and records what it would have done; `off`: neither',
    ),
  DEFAULT_ANNOTATIONS: z
    .string()
    .transform((text, context) => {
      const { annotations, issues } = readClusterAnnotations(text);
      const { preferences, invalid } = parseAnnotations(annotations);
      for (const { annotation, value, problem } of invalid) issues.push(`${annotation}=${value} ${problem}`);
      for (const message of issues) context.addIssue({ code: 'custom', message });
      return preferences;
    })
    .optional()
    .meta({
      formerly: 'DEFAULT_WISHES',
      description:
        'Annotations of every pod that does not set them, without their prefix: `max-intensity=300; zones=FR,DE; enforce=true`',
    }),
  ...nodePowerSettings,
  MAX_NODE_UTILISATION: positive(100)
    .optional()
    .describe(
      'Nodes of which pods request more than this percentage of the allocatable CPU or memory rank behind all others; absent: no limit. Watches all pods of the cluster',
    ),
  POD_EVENTS: flag()
    .default(true)
    .describe('Whether placement decisions are written as Kubernetes Events on their pods'),
  POD_EVENTS_PER_MINUTE: integer(1, 60_000).default(300).describe('Events beyond this are dropped and counted'),
  DECISION_RECORDS: flag()
    .default(true)
    .describe('Whether placement decisions are kept in the store, for the savings report'),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('Certificate chain of EXTENDER_PORT (PEM); with TLS_KEY_FILE the port serves HTTPS'),
  TLS_KEY_FILE: z.string().optional().describe('Private key of TLS_CERT_FILE (PEM)'),
  TLS_CLIENT_CA_FILE: z
    .string()
    .optional()
    .describe('Certificate authorities (PEM) that must have issued the certificates of clients of EXTENDER_PORT'),
  MAX_BODY_MB: positive(1024).default(64).describe('Largest request body on the scheduler port in MiB'),
};
