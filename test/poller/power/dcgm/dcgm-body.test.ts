import { describe, expect, it } from 'vitest';
import { readDcgm } from '../../../../poller/power/dcgm/dcgm-body.ts';

const ENERGY = 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION';
const card = (gpu: number, more = '') =>
  `gpu="${gpu}",UUID="GPU-${gpu}",pci_bus_id="00000000:3${gpu}:00.0",device="nvidia${gpu}",modelName="Tesla T4",Hostname="gpu-node-1",DCGM_FI_DRIVER_VERSION="590.48.01"${more}`;
const pod = (name: string) => `,container="vllm",namespace="ml",pod="${name}"`;

describe('a body of the DCGM exporter', () => {
  it('gives the counter of each card, and who holds it', async () => {
    const { gpus } = await read(
      `DCGM_FI_DEV_POWER_USAGE{${card(0, pod('llama-0'))}} 68.244000`,
      `${ENERGY}{${card(0, pod('llama-0'))}} 15152422938`,
      `${ENERGY}{${card(1)}} 3103568667`,
    );

    expect(gpus).toMatchObject([
      { id: 'GPU-0', node: 'gpu-node-1', millijoules: 15_152_422_938, watts: 68.244 },
      { id: 'GPU-1', millijoules: 3_103_568_667 },
    ]);
    expect(gpus.map(({ slots }) => [...slots.values()].map(({ holder }) => holder?.pod))).toEqual([
      ['llama-0'],
      [undefined],
    ]);
  });

  it('counts a card that is split once, with the sizes of its parts', async () => {
    const part = (id: number, profile: string, of: string) =>
      card(2, `,GPU_I_PROFILE="${profile}",GPU_I_ID="${id}"${of}`);

    const { gpus } = await read(
      `${ENERGY}{${part(3, '2g.20gb', pod('a-0'))}} 257858316`,
      `${ENERGY}{${part(5, '1g.10gb', '')}} 257858316`,
    );

    expect(gpus).toHaveLength(1);
    expect(gpus[0]?.millijoules).toBe(257_858_316);
    expect([...(gpus[0]?.slots.values() ?? [])].map(({ holder, slices }) => [holder?.pod, slices])).toEqual([
      ['a-0', 2],
      [undefined, 1],
    ]);
  });

  it('takes the names that a Prometheus moved aside', async () => {
    const moved = `,namespace="gpu-operator",pod="dcgm-x",container="exporter",exported_namespace="ml",exported_pod="llama-0",exported_container="vllm"`;

    const { gpus } = await read(`${ENERGY}{${card(0, moved)}} 5`);

    expect([...(gpus[0]?.slots.values() ?? [])][0]?.holder).toEqual({
      namespace: 'ml',
      pod: 'llama-0',
      container: 'vllm',
    });
  });

  it('leaves out and counts what DCGM could not read', async () => {
    const { gpus, malformed } = await read(
      `${ENERGY}{${card(0)}} 9223372036854775794`,
      `${ENERGY}{${card(1)}} NaN`,
      `${ENERGY}{${card(2)}} 12`,
    );

    expect(gpus.map(({ id }) => id)).toEqual(['GPU-2']);
    expect(malformed).toBe(2);
  });

  it.each([
    ['html', '<!DOCTYPE html><html></html>\n'],
    ['truncated', `${ENERGY}{${card(0)}} 12`],
    ['foreign', 'go_goroutines 12\n'],
    ['foreign', ''],
  ])('that is %s is refused: %s', async (reason, text) => {
    await expect(readDcgm('t', bytes(text))).rejects.toMatchObject({ reason });
  });
});

function read(...lines: string[]) {
  return readDcgm('t', bytes(`${lines.join('\n')}\n`));
}

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text.slice(0, 7));
  yield Buffer.from(text.slice(7));
}
