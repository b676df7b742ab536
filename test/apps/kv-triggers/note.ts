/** Writes its event to the file that FILE names, as a line. */
import { appendFileSync } from "node:fs";

export async function handler(event: object): Promise<void> {
  appendFileSync(process.env["FILE"]!, `${JSON.stringify(event)}\n`);
}
