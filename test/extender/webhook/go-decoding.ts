/** What Go's decoder takes of an answer, as extender.go of kube-scheduler reads it; throws when it would not. */
export function expectGoDecodes(path: string, asked: WireAsked, text: string): void {
  const answer: unknown = JSON.parse(text);
  if (path.endsWith('prioritize')) return expectHostPriorities(asked, answer);
  if (path.endsWith('filter')) return expectFilterResult(asked, answer);
  if (!isObject(answer) || !isObject(answer.NodeNameToMetaVictims)) throw new Error('no NodeNameToMetaVictims');
  for (const [node, victims] of Object.entries(answer.NodeNameToMetaVictims)) {
    if (!Object.hasOwn(asked.NodeNameToMetaVictims ?? asked.NodeNameToVictims ?? {}, node))
      throw new Error(`victims on ${node}, which was not asked about`);
    if (!isObject(victims) || !Array.isArray(victims.Pods) || !Number.isInteger(victims.NumPDBViolations))
      throw new Error(`victims of ${node} cannot be decoded`);
  }
}

/** The parts of a call that an answer is held against. */
export interface WireAsked {
  readonly NodeNames?: readonly string[] | null;
  readonly Nodes?: { readonly items: readonly { readonly metadata: { readonly name: string } }[] } | null;
  readonly NodeNameToMetaVictims?: Readonly<Record<string, unknown>> | null;
  readonly NodeNameToVictims?: Readonly<Record<string, unknown>> | null;
}

/** The names that a call asks about, each once. */
export function askedNames({ NodeNames, Nodes }: WireAsked): ReadonlySet<string> {
  return new Set(NodeNames ?? Nodes?.items.map((node) => node.metadata.name));
}

function expectHostPriorities(asked: WireAsked, answer: unknown): void {
  if (!Array.isArray(answer)) throw new Error('not a bare array');
  const names = askedNames(asked);
  const seen = new Set<unknown>();
  for (const { Host, Score } of answer) {
    if (!names.has(Host) || seen.has(Host)) throw new Error(`${Host} was not asked about, or twice answered`);
    if (!Number.isInteger(Score) || Score < 0 || Score > 10) throw new Error(`score ${Score}`);
    seen.add(Host);
  }
  if (seen.size !== names.size) throw new Error(`${seen.size} of ${names.size} nodes were scored`);
}

function expectFilterResult(asked: WireAsked, answer: unknown): void {
  if (!isObject(answer)) throw new Error('not an object');
  const names = askedNames(asked);
  const form = asked.NodeNames == null ? 'Nodes' : 'NodeNames';
  const other = form === 'Nodes' ? 'NodeNames' : 'Nodes';
  if (answer[other] != null) throw new Error(`${other} in an answer about ${form}`);
  const passed = askedNames(answer as WireAsked);
  const refused = Object.entries((answer.FailedAndUnresolvableNodes ?? {}) as Record<string, unknown>);
  for (const name of passed) if (!names.has(name)) throw new Error(`${name} passed and was not asked about`);
  for (const [name, text] of refused) {
    if (!names.has(name) || passed.has(name)) throw new Error(`${name} was refused`);
    if (typeof text !== 'string' || text === '') throw new Error('a refusal without a reason');
  }
  if (passed.size + refused.length !== names.size) throw new Error('a node is neither passed nor refused');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
