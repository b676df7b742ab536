/** Notes the texts of the messages that it gets, after a while. */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export async function handler({ Records }: { Records: { body: string }[] }): Promise<void> {
  await sleep(20);
  appendFileSync(process.env["FILE"]!, Records.map(({ body }) => `${body}\n`).join(""));
}
