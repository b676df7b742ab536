/** Writes its event to the file that FILE names, as a line, with the id of the invocation. */
import { appendFileSync } from "node:fs";

const file = process.env["FILE"]!;

export async function handler(event: object, { awsRequestId: invocation }: { awsRequestId: string }): Promise<void> {
  appendFileSync(file, `${JSON.stringify({ event, invocation })}\n`);
}
