import type { MessageBatch } from "mayfly/types";

export default {
  queue(batch: MessageBatch<string>): void {
    console.log(`worked on ${batch.messages.length}`);
  },
};
