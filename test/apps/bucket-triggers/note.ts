/** Writes its event to the file that FILE names, as a line, with the object's text if it is there. */
import { appendFileSync } from "node:fs";
import type { R2Bucket, R2ObjectBody } from "mayfly/types";

export async function handler(event: { key: string; type: string }, { env }: { env: { FILES: R2Bucket } }): Promise<void> {
  const object = event.type === "created" ? ((await env.FILES.get(event.key)) as R2ObjectBody | null) : null;
  const text = object === null ? null : await object.text();
  appendFileSync(process.env["FILE"]!, `${JSON.stringify({ ...event, text })}\n`);
}
