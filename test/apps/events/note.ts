/** Writes its event to the file that FILE names, as a line, with the id of the invocation. An event may ask to end its machine in its first attempts. */
import { appendFileSync } from "node:fs";

const file = process.env["FILE"]!;

interface Noted {
  crash?: boolean;
}

export async function handler(event: Noted & { body?: string }, { awsRequestId: invocation }: { awsRequestId: string }): Promise<string> {
  const own = event.body === undefined ? event : (JSON.parse(event.body) as Noted);
  if (own.crash === true && Math.random() < 0.5) process.kill(process.pid, "SIGKILL");
  appendFileSync(file, `${JSON.stringify({ ...own, invocation })}\n`);
  return "noted";
}
