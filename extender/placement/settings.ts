import { z } from 'zod';
import { flag, integer, positive } from '../../shared/runtime/config.ts';
import { nodePowerSettings } from '../../shared/runtime/node-power-setting.ts';
import { parseAnnotations } from './annotations.ts';
import { readClusterAnnotations } from './namespaces.ts';
import { MODES } from './pod-policy.ts';

/** How placements are decided and told. */
export const placementSettings = {
  PLACEMENT_MODE: z
    .enum(MODES)
    .default('enforce')
    .describe('`enforce` ranks and filters; `advise` only logs, counts and records what it would have done; `off`'),
  DEFAULT_WISHES: z
    .string()
    .transform((text, context) => {
      const { annotations, faults } = readClusterAnnotations(text);
      const { preferences, invalid } = parseAnnotations(annotations);
      for (const { annotation, value, problem } of invalid) faults.push(`${annotation}=${value} ${problem}`);
      for (const message of faults) context.addIssue({ code: 'custom', message });
      return preferences;
    })
    .optional()
    .describe(
      'What every pod preferences that preferences nothing else: `max-intensity=300; zones=FR,DE; enforce=true`',
    ),
  ...nodePowerSettings,
  POD_EVENTS: flag().default(true).describe('Whether placements are told in Kubernetes Events on their pods'),
  POD_EVENTS_PER_MINUTE: integer(1, 60_000).default(300).describe('Events beyond this are left out, and counted'),
  DECISION_RECORDS: flag().default(true).describe('Whether the placements of pods are kept in the store, for savings'),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('Certificate chain of EXTENDER_PORT (PEM); with TLS_KEY_FILE it speaks https'),
  TLS_KEY_FILE: z.string().optional().describe('Private key of TLS_CERT_FILE (PEM)'),
  TLS_CLIENT_CA_FILE: z
    .string()
    .optional()
    .describe('Authorities (PEM) that clients of EXTENDER_PORT must be certified by'),
  MAX_BODY_MB: positive(1024).default(64).describe('Largest request body on the scheduler port in MiB'),
};
