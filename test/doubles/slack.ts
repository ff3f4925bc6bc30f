import { type ListeningServer, listen } from '../../shared/runtime/http-server.ts';

/** A stand-in for an incoming webhook of Slack: errors are one word of plain text. */
export interface SlackDouble extends AsyncDisposable {
  readonly url: string;
  /** Texts of messages that were accepted. */
  readonly accepted: string[];
  /** Messages that came in, accepted or not. */
  received: number;
  /** What is answered next; the last one holds. */
  readonly answers: { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }[];
}

/** The part of the address that nobody may see. */
export const SLACK_SECRET = 'T0G7K2/B0N4X9/wEbHoOkSeCrEt';

/** Starts the double. */
export async function startSlack(): Promise<SlackDouble> {
  const double = {
    accepted: [] as string[],
    received: 0,
    answers: [{ status: 200, body: 'ok' }] as SlackDouble['answers'],
  };
  const server: ListeningServer = await listen(
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      double.received += 1;
      const { status, body, headers } = (double.answers.length > 1 ? double.answers.shift() : double.answers[0]) ?? {
        status: 200,
        body: 'ok',
      };
      const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text?: string };
      const refused = text ? undefined : { status: 400, body: 'no_text' };
      if (!refused && status === 200 && body === 'ok') double.accepted.push(text as string);
      response
        .writeHead(refused?.status ?? status, { 'Content-Type': 'text/plain', ...headers })
        .end(refused?.body ?? body);
    },
    { host: '127.0.0.1', port: 0 },
  );
  return Object.assign(double, {
    url: `http://127.0.0.1:${server.port}/services/${SLACK_SECRET}`,
    [Symbol.asyncDispose]: async () => {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  });
}
