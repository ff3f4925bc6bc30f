/** One error that a person can meet: in an answer, on a terminal, or in a log line with its code. */
export interface ErrorEntry {
  /** What happened, and to what; facts are in braces: `zone {zone} is not known`. */
  readonly message: string;
  /** What to do about it, as a sentence; facts in braces. Absent where the message says it. */
  readonly action?: string;
  /** Status of the HTTP response that carries it; absent where none does. */
  readonly status?: number;
  /** Exit code of a program that ends by it; absent where none does. */
  readonly exitCode?: number;
}

/** Errors by code. Codes are upper case with underscores and never change their meaning. */
export type ErrorCatalogue = Readonly<Record<string, ErrorEntry>>;

/** A value that a message names. */
export type Fact = string | number;

type FactNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | FactNames<Rest> : never;
/** The facts that the texts of an entry name. */
export type FactsOf<Entry> = Entry extends { message: infer Message; action: infer Action }
  ? Readonly<Record<FactNames<Message> | FactNames<Action>, Fact>>
  : Entry extends { message: infer Message }
    ? Readonly<Record<FactNames<Message>, Fact>>
    : never;

/** An error of a catalogue, with the facts that its message names. The message ends with what to do. */
export class CodedError extends Error {
  readonly code: string;
  readonly facts: Readonly<Record<string, Fact>>;
  readonly status: number | undefined;
  readonly exitCode: number | undefined;

  constructor(code: string, entry: ErrorEntry, facts: Readonly<Record<string, Fact>>, options?: ErrorOptions) {
    super(sentence(filled(entry.message, facts), entry.action && filled(entry.action, facts)), options);
    this.name = 'CodedError';
    this.code = code;
    this.facts = facts;
    this.status = entry.status;
    this.exitCode = entry.exitCode;
  }
}

/** Makes an error of one catalogue: the code, and exactly the facts that its texts name. */
export type ErrorFactory<Catalogue extends ErrorCatalogue> = <Code extends keyof Catalogue & string>(
  code: Code,
  facts: FactsOf<Catalogue[Code]>,
  options?: ErrorOptions,
) => CodedError;

/** The factory of a catalogue's errors. */
export function errorFactory<const Catalogue extends ErrorCatalogue>(catalogue: Catalogue): ErrorFactory<Catalogue> {
  return (code, facts, options) => new CodedError(code, catalogue[code] as ErrorEntry, facts, options);
}

/** Whether something thrown is an error of a catalogue; by name too, since what a thread throws arrives without its class. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof CodedError || (error instanceof Error && error.name === 'CodedError');
}

function sentence(message: string, action: string | undefined): string {
  if (action === undefined) return message;
  return message.endsWith('?') ? `${message} ${action[0]?.toUpperCase()}${action.slice(1)}` : `${message}; ${action}`;
}

function filled(text: string, facts: Readonly<Record<string, Fact>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => String(facts[name] ?? placeholder));
}
