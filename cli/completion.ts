import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { regionNames } from '../shared/grid/regions.ts';
import { yearlyZones } from '../shared/grid/yearly-intensity.ts';
import { BUDGET_PERIODS } from '../shared/records/workloads.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { POLICY_NAMES } from '../shared/simulation/policies.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { profilesFromApi, zonesFromApi } from './api-recorded.ts';
import { examples } from './help.ts';
import { processIo } from './io.ts';

/** A completion waits for the API no longer than this, in milliseconds. */
const API_TIMEOUT_MS = 1_500;

/** Values that a running API knows better than this program, by the option's name. */
const API_VALUES: Readonly<Record<string, (api: ApiClient) => Promise<readonly string[]>>> = {
  service: async (api) => (await profilesFromApi(api)).map(({ service }) => service),
  zone: zonesFromApi,
};

/** Values that an option can be completed with, by the option's name. */
const VALUES: Readonly<Record<string, (env: Environment) => Iterable<string>>> = {
  service: (env) => knownProfiles(env.SERVICES_FILE).keys(),
  zone: () => yearlyZones(),
  region: () => [...regionNames(), ...yearlyZones()],
  per: () => BUDGET_PERIODS,
  period: () => ['last-24h', 'last-7d', 'last-30d'],
  policy: () => POLICY_NAMES,
  by: () => ['namespace', 'workload', 'pod', 'container', 'node'],
  window: () => ['24h', '7d', '30d', 'today', 'yesterday', 'month', 'lastmonth'],
};

/** What the script for bash needs of the package bash-completion, for machines that do not have it. */
const BASH_WITHOUT_PACKAGE = `declare -F _get_comp_words_by_ref > /dev/null || _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} cword=$COMP_CWORD
    words=("\${COMP_WORDS[@]:0:COMP_CWORD+1}")
}
`;

/** Adds `carbon completion SHELL` and what the printed script calls: commands, options, and the values of known options. */
export function addCompletion(program: Command, env: Environment): void {
  const root = tab(program, { completionCommandName: 'completion' });
  const fromApi = new Map<string, readonly string[]>();
  for (const command of root.commands.values())
    for (const [name, values] of Object.entries(VALUES)) {
      const option = command.options.get(name);
      if (option !== undefined)
        option.handler = (complete) => {
          for (const value of fromApi.get(name) ?? values(env)) complete(value, '');
        };
    }
  program.commands
    .find((command) => command.name() === 'complete')
    ?.hook('preAction', async (command) => {
      const name = optionOf(command.args);
      const values = name === undefined ? undefined : await valuesFromApi(name, env);
      if (name !== undefined && values !== undefined) fromApi.set(name, values);
    });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.hook('preAction', (command) => {
      if (command.args[0] === 'bash') processIo.out(BASH_WITHOUT_PACKAGE);
    })
    .addHelpText(
      'after',
      examples(
        'source <(carbon completion bash)',
        'source <(carbon completion zsh)',
        'carbon completion fish > ~/.config/fish/completions/carbon.fish',
      ),
    );
}

/** The option whose value is typed: the last word but one, or the last one up to its equals sign. */
function optionOf(words: readonly string[]): string | undefined {
  const [before = '', last = ''] = words.slice(-2);
  return /^--([\w-]+)=/.exec(last)?.[1] ?? /^--([\w-]+)$/.exec(before)?.[1];
}

/** Values of the API of CARBON_API; undefined without one, and where it cannot be read: a completion prints no errors. */
async function valuesFromApi(name: string, env: Environment): Promise<readonly string[] | undefined> {
  try {
    const api = apiClient(env, API_TIMEOUT_MS);
    return api && (await API_VALUES[name]?.(api));
  } catch {
    return undefined;
  }
}
