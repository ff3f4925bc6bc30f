/** A command of a page, with the output that the page shows. */
export interface PageCommand {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Lines of its output that are shown: `| head -n 2`. */
  readonly lines: number | undefined;
  /** Empty where the page shows none: the output is then empty. */
  readonly output: string;
}

const BLOCK = /```(\w*)\n([\s\S]*?)```/g;

/** Every command of a page's shell blocks; the block that follows one is the output of its last command. */
export function pageCommands(page: string): PageCommand[] {
  const blocks = [...page.matchAll(BLOCK)].map(([, language = '', text = '']) => ({ language, text }));
  return blocks.flatMap(({ language, text }, at) => {
    if (language !== 'sh') return [];
    const next = blocks[at + 1];
    const output = next !== undefined && /^(text|csv|json)$/.test(next.language) ? next.text : '';
    const lines = text
      .trim()
      .replaceAll(/\\\n\s*/g, '')
      .split('\n');
    return lines.map((line, place) => commandOf(line, place === lines.length - 1 ? output : ''));
  });
}

/** What a shown output matches: an ellipsis is any text. */
export function expectedOf(output: string): RegExp {
  const parts = output.trimEnd().split('…');
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*?')}$`);
}

function commandOf(line: string, output: string): PageCommand {
  const [text = '', head] = line.split(/ \| head -n /);
  const words = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);
  const from = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const env = Object.fromEntries(words.slice(0, from).map((word) => word.split(/=(.*)/s).slice(0, 2)));
  const args = words.slice(from);
  return { text: args.join(' '), env, args, lines: head === undefined ? undefined : Number(head), output };
}
