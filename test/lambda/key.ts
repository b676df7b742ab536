/** A key pair as an operator makes one, by the command line. */
import assert from "node:assert/strict";
import { LambdaClient, PublishLayerVersionCommand } from "@aws-sdk/client-lambda";
import { mayfly } from "../command.ts";
import { zip } from "./zip.ts";

export interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

export async function createKey(
  apiUrl: string,
  stateDir: string,
  more: string[] = ["--role", "operator"],
  name = "lambda-tests",
): Promise<KeyPair> {
  const made = await mayfly(["key", "create", name, ...more, "--json", "--api", apiUrl, "--state", stateDir]);
  assert.equal(made.code, 0, made.stderr);
  const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
  return { accessKeyId: id, secretAccessKey: secret };
}

/** Another tenant, a key of its, and the number of its account. */
export async function createNeighbour(apiUrl: string, stateDir: string): Promise<{ credentials: KeyPair; account: string }> {
  const made = await mayfly(["tenant", "create", "neighbour", "--api", apiUrl, "--state", stateDir]);
  assert.equal(made.code, 0, made.stderr);
  const credentials = await createKey(apiUrl, stateDir, ["--tenant", "neighbour", "--role", "tenant-admin"]);
  const lambda = new LambdaClient({ endpoint: apiUrl, region: "us-east-1", credentials });
  const { LayerArn = "" } = await lambda.send(
    new PublishLayerVersionCommand({ LayerName: "first", Content: { ZipFile: zip([{ name: "a", content: "a" }]) } }),
  );
  lambda.destroy();
  return { credentials, account: LayerArn.split(":")[4]! };
}
