/** Says in another queue what it got; of some messages it wants another attempt. */
interface Batch {
  queue: string;
  messages: { body: { n: number }; attempts: number; ack(): void; retry(options: { delaySeconds: number }): void }[];
}

interface Env {
  DONE: { send(body: unknown): Promise<unknown> };
}

export default {
  fetch: (): Response => new Response("hello"),
  async queue({ queue, messages }: Batch, { DONE }: Env): Promise<void> {
    for (const { body, attempts, ack, retry } of messages.map((each) => ({
      ...each,
      ack: () => each.ack(),
      retry: () => each.retry({ delaySeconds: 1 }),
    }))) {
      if (body.n === 2 && attempts === 1) {
        retry();
        continue;
      }
      await DONE.send({ queue, n: body.n, attempts });
      ack();
    }
  },
};
