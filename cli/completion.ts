import { Argument, Command } from 'commander';
import { examples } from './help.ts';
import type { Io } from './io.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What can follow one command: the words of its path, and the words that may come next. */
interface Place {
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly { readonly name: string; readonly about: string; readonly choices: readonly string[] }[];
}

/** `carbon completion`: a script that completes commands and options in a shell, made from the command tree. */
export function completionCommand(io: Io): Command {
  const command = new Command('completion');
  return command
    .description('Print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'source <(carbon completion bash)',
        `carbon completion zsh > "\${fpath[1]}/_carbon"`,
        'carbon completion fish > ~/.config/fish/completions/carbon.fish',
      ),
    )
    .action((shell: (typeof SHELLS)[number]) => {
      const root = rootOf(command);
      io.out(WRITERS[shell](root.name(), placesOf(root, [])));
    });
}

const WRITERS: Record<(typeof SHELLS)[number], (program: string, places: readonly Place[]) => string> = {
  bash,
  zsh,
  fish,
};

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const here: Place = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), about: child.description() })),
    options: command
      .createHelp()
      .visibleOptions(command)
      .filter(({ long }) => long)
      .map(({ long, description, argChoices }) => ({
        name: long ?? '',
        about: description,
        choices: argChoices ?? [],
      })),
  };
  return [here, ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function wordsOf({ commands, options }: Place): string {
  return [...commands.map(({ name }) => name), ...options.map(({ name }) => name)].join(' ');
}

/** The words typed so far that are no options select the place; what may follow it is offered, files otherwise. */
function bash(program: string, places: readonly Place[]): string {
  const cases = places.map((place) => `    '${place.path.join(' ')}') words='${wordsOf(place)}' ;;`);
  const paths = places.map(({ path }) => path.join(' ')).filter(Boolean);
  return `# bash completion for ${program}
_${program}() {
  local place='' words='' next word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${place:+$place }$word"
    case "|${paths.join('|')}|" in *"|$next|"*) place="$next" ;; esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${program} ${program}
`;
}

function zsh(program: string, places: readonly Place[]): string {
  return `#compdef ${program}
autoload -U +X bashcompinit && bashcompinit
${bash(program, places)}`;
}

function fish(program: string, places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const seen = place.path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const children = place.commands.map(({ name }) => name).join(' ');
    const condition =
      place.path.length === 0
        ? '__fish_use_subcommand'
        : children
          ? `${seen}; and not __fish_seen_subcommand_from ${children}`
          : seen;
    return [
      ...place.commands.map(
        ({ name, about }) => `complete -c ${program} -n '${condition}' -f -a ${name} -d ${quoted(about)}`,
      ),
      ...place.options.map(
        ({ name, about }) => `complete -c ${program} -n '${condition}' -l ${name.slice(2)} -d ${quoted(about)}`,
      ),
    ];
  });
  return `# fish completion for ${program}\n${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
