import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extenderConfigSchema, extenderWarnings } from '../../../extender/config.ts';
import { WRITTEN } from '../../../extender/deferral/waiting-work.ts';
import {
  hasPlacementConstraints,
  mergePreferences,
  parseAnnotations,
} from '../../../extender/placement/annotations.ts';
import { MODE_ANNOTATION } from '../../../extender/placement/mode.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';

const OWN = 'carbon-extender.io/';
const HOUR = 3_600_000;

describe('parseAnnotations', () => {
  it('makes nothing new of annotations of other programs: most pods have only those', () => {
    expect(parseAnnotations({ 'prometheus.io/scrape': 'true' })).toBe(parseAnnotations(undefined));
  });

  it('reads every annotation of our own', () => {
    const { preferences, invalid } = parseAnnotations({
      [`${OWN}skip`]: 'false',
      [`${OWN}max-intensity`]: '200',
      [`${OWN}cleaner-than`]: 'p30',
      [`${OWN}zones`]: 'se-se3, FR,FR',
      [`${OWN}enforce`]: 'true',
      [`${OWN}max-delay`]: '1h30m',
      [`${OWN}deadline`]: '2026-01-02T06:00:00+01:00',
      [`${OWN}duration`]: '45m',
      [`${OWN}min-saving`]: '7.5%',
    });

    expect(invalid).toEqual([]);
    expect(preferences).toEqual({
      skip: false,
      maxIntensity: 200,
      cleanerThan: 30,
      zones: ['FR', 'SE-SE3'],
      enforce: true,
      maxDelayMs: 1.5 * HOUR,
      deadline: Date.parse('2026-01-02T05:00:00Z'),
      durationMs: 0.75 * HOUR,
      minSavingPercent: 7.5,
    });
  });

  it('reads the annotations of other schedulers, which give way to our own', () => {
    const gardener = 'compute-gardener-scheduler.kubernetes.io/';

    const theirs = parseAnnotations({
      [`${gardener}skip`]: 'true',
      [`${gardener}carbon-intensity-threshold`]: '180.5',
      [`${gardener}max-scheduling-delay`]: '12h',
      'carbon-aware/flexible': 'true',
      'carbon-aware/deadline': '2026-01-02T06:00:00Z',
    });
    const hours = parseAnnotations({ 'carbon-aware/max-delay-hours': '6' });
    const both = parseAnnotations({ [`${gardener}carbon-intensity-threshold`]: '180', [`${OWN}max-intensity`]: '90' });

    expect(theirs.preferences).toEqual({
      skip: true,
      maxIntensity: 180.5,
      maxDelayMs: 12 * HOUR,
      flexible: true,
      deadline: Date.parse('2026-01-02T06:00:00Z'),
    });
    expect(hours.preferences).toEqual({ maxDelayMs: 6 * HOUR });
    expect(both.preferences).toEqual({ maxIntensity: 90 });
  });

  it.each([
    ['max-intensity', 'low', 'is not a number of gCO2eq/kWh'],
    ['max-intensity', '-1', 'is not a number of gCO2eq/kWh'],
    ['max-intensity', '1e999', 'is not a number of gCO2eq/kWh'],
    ['cleaner-than', '30', 'is not a percentile such as p30'],
    ['cleaner-than', 'p101', 'is not a percentile such as p30'],
    ['zones', 'FR,Germany?', 'has "Germany?", which is not a zone code such as DE'],
    ['zones', ' , ', 'names no zone'],
    ['enforce', 'maybe', 'is neither "true" nor "false"'],
    ['max-delay', '6', 'is not a duration such as 90m or 6h'],
    ['deadline', '2026-01-02 06:00', 'is not a time such as 2026-01-31T18:00:00Z'],
    ['deadline', '2026-13-02T06:00:00Z', 'is not a time such as 2026-01-31T18:00:00Z'],
    ['min-saving', '120%', 'is not a percentage from 0 to 100'],
  ])('ignores %s: %s, says why, and keeps the other preferences', (name, value, problem) => {
    const annotation = `${OWN}${name}`;

    const read = parseAnnotations({ [annotation]: value, [`${OWN}skip`]: 'true' });

    expect(read).toEqual({ preferences: { skip: true }, invalid: [{ annotation, value, problem }] });
  });

  it.each([
    ['cleaner-than', 'p0', { cleanerThan: 0 }],
    ['cleaner-than', 'P100', { cleanerThan: 100 }],
    ['min-saving', '0', { minSavingPercent: 0 }],
    ['min-saving', '100 %', { minSavingPercent: 100 }],
  ])('reads percentages up to their ends: %s: %s', (name, value, preferences) => {
    expect(parseAnnotations({ [`${OWN}${name}`]: value })).toEqual({ preferences, invalid: [] });
  });

  it('falls back to an alias when our own annotation cannot be read', () => {
    const read = parseAnnotations({ [`${OWN}max-delay`]: 'soon', 'carbon-aware/max-delay-hours': '2' });

    expect(read.preferences).toEqual({ maxDelayMs: 2 * HOUR });
    expect(read.invalid).toHaveLength(1);
  });

  it('takes any annotations without throwing', () => {
    const name = fc.constantFrom('skip', 'max-intensity', 'cleaner-than', 'zones', 'max-delay', 'deadline', 'duration');
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'binary' })), (texts) => {
        const annotations = Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${OWN}${key}`, text]));

        const { preferences, invalid } = parseAnnotations(annotations);

        expect(Object.keys(preferences).length + invalid.length).toBe(Object.keys(annotations).length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('unknown annotations of our prefix', () => {
  it('are named, since a typo would otherwise go unnoticed', () => {
    const { preferences, invalid } = parseAnnotations({
      [`${OWN}max-dealy`]: '6h',
      [`${OWN}zones`]: 'FR',
      'example.org/max-dealy': '6h',
    });

    expect(preferences).toEqual({ zones: ['FR'] });
    expect(invalid).toEqual([
      { annotation: `${OWN}max-dealy`, value: '6h', problem: 'is not an annotation of carbon-extender' },
    ]);
  });

  it('are not those that the controller, the manifests or a namespace have', () => {
    const ours = [...Object.values(WRITTEN), MODE_ANNOTATION, `${OWN}settings`];

    expect(parseAnnotations(Object.fromEntries(ours.map((name) => [name, 'x']))).invalid).toEqual([]);
  });
});

describe('hasPlacementConstraints', () => {
  it.each([{ zones: [] }, { maxIntensity: gramsPerKwh(0) }, { cleanerThan: 0 }])(
    'is true for %o alone',
    (preferences) => {
      expect(hasPlacementConstraints(preferences)).toBe(true);
    },
  );

  it('is false where nothing is said about the place', () => {
    expect(hasPlacementConstraints({ skip: false, enforce: true, maxDelayMs: 1 })).toBe(false);
  });
});

describe('mergePreferences', () => {
  it('takes each preference from the nearest layer that has it', () => {
    const pod = parseAnnotations({ [`${OWN}max-intensity`]: '100', [`${OWN}skip`]: 'false' }).preferences;
    const namespace = parseAnnotations({ [`${OWN}max-intensity`]: '300', [`${OWN}zones`]: 'FR' }).preferences;

    const all = mergePreferences(pod, namespace, undefined, { skip: true, enforce: true });

    expect(all).toEqual({ maxIntensity: 100, skip: false, zones: ['FR'], enforce: true });
  });
});

describe('the preferences of the cluster', () => {
  it('are still read under their former name, with a warning', () => {
    const env = { DEFAULT_WISHES: 'zones=FR' };

    expect(loadConfig('extender', extenderConfigSchema, env).DEFAULT_ANNOTATIONS).toEqual({ zones: ['FR'] });
    expect(extenderWarnings(env)).toEqual([
      { code: 'SETTING_RENAMED', name: 'DEFAULT_ANNOTATIONS', given: 'DEFAULT_WISHES' },
    ]);
  });

  it('are refused with every problem named, so that a typo does not pass unnoticed', () => {
    const settings = { DEFAULT_ANNOTATIONS: 'max-intensty=300; zones=FR; mode=off; enforce' };

    expect(() => loadConfig('extender', extenderConfigSchema, settings)).toThrow(
      /"max-intensty" is not a known annotation; known are skip, max-intensity, .*\n.*PLACEMENT_MODE\n.*"enforce" is not name=value/,
    );
  });

  it('are read with spaces around them', () => {
    const { DEFAULT_ANNOTATIONS } = loadConfig('extender', extenderConfigSchema, {
      DEFAULT_ANNOTATIONS: ' zones = FR, DE ; enforce=true; ',
    });

    expect(DEFAULT_ANNOTATIONS).toEqual({ zones: ['DE', 'FR'], enforce: true });
  });
});
