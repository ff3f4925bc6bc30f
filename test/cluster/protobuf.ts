/** A pod as clients of client-go send it: the message `v1.Pod` of Kubernetes' generated.proto, in its envelope. */
export function podInProtobuf(pod: {
  readonly generateName: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly image: string;
}): Buffer {
  const annotations = Object.entries(pod.annotations).map(([key, value]) =>
    field(12, [field(1, key), field(2, value)]),
  );
  const metadata = field(1, [field(2, pod.generateName), ...annotations]);
  const spec = field(2, [field(2, [field(1, 'main'), field(2, pod.image)])]);
  const typeMeta = field(1, [field(1, 'v1'), field(2, 'Pod')]);
  // `k8s` and a zero byte, then runtime.Unknown: the kind, and the object's own message as bytes.
  return Buffer.concat([Buffer.from('k8s\0'), typeMeta, field(2, [metadata, spec])]);
}

/** A field of text or of an embedded message, both of which have their length before them. */
function field(number: number, content: string | readonly Buffer[]): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.concat(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
