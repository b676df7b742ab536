/**
 * The types of the package @mayfly/client, packages/client/src/openapi.ts, made by openapi-typescript from the document that the management API gives of itself.
 * Run by itself, it writes them; test/client.test.ts compares them.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { serveApi } from "../src/doors/admin/testing/serve-api.ts";
import { installedFrom } from "./npm-tool.ts";

export const clientFolder = join(import.meta.dirname, "../packages/client");
export const typesFile = join(clientFolder, "src/openapi.ts");

export async function clientTypes(): Promise<string> {
  const tools = await installedFrom(clientFolder, "test-client-types");
  const draft = mkdtempSync(join(tmpdir(), "mayfly-types-"));
  const served = await serveApi();
  try {
    const [document, types] = [join(draft, "openapi.json"), join(draft, "openapi.ts")];
    writeFileSync(document, await (await fetch(`${served.server.url}/openapi.json`)).text());
    await promisify(execFile)(process.execPath, [join(tools, "node_modules/openapi-typescript/bin/cli.js"), document, "--output", types]);
    return readFileSync(types, "utf8");
  } finally {
    await served.close();
    rmSync(draft, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(typesFile, await clientTypes());
