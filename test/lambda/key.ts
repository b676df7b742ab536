/** A key pair as an operator makes one, by the command line. */
import assert from "node:assert/strict";
import { mayfly } from "../command.ts";

export async function createKey(apiUrl: string, stateDir: string, more: string[] = ["--role", "operator"]): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const made = await mayfly(["key", "create", "lambda-tests", ...more, "--json", "--api", apiUrl, "--state", stateDir]);
  assert.equal(made.code, 0, made.stderr);
  const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
  return { accessKeyId: id, secretAccessKey: secret };
}
