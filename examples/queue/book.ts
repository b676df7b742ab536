/** Adds payments up, by currency. A payment that comes twice, because a machine has died just then, is added once. */
import type { KVNamespace, MessageBatch } from "mayfly/types";
import type { Payment } from "./paid.ts";

export default {
  async queue(batch: MessageBatch<Payment>, { SUMS }: { SUMS: KVNamespace }): Promise<void> {
    for (const message of batch.messages) {
      const { id, amount, currency } = message.body;
      await SUMS.batch([
        { put: `paid/${id}`, value: String(amount), ifVersion: 0 },
        { increment: `sum/${currency}`, by: amount },
      ]).catch((error: Error & { code?: string }) => {
        if (error.code !== "kv-conflict") throw error;
      });
      message.ack();
    }
  },
};
