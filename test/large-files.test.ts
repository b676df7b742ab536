/** Apps with more files than go through a machine's channel: machines read them where they lie on the host. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { drivers, type Platform, type Scope, startPlatform, temporaryFolder } from "./platform.ts";

const seed = seedOf();

const code = `
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
const codeOf = (action) => {
  try {
    action();
    return "done";
  } catch (error) {
    return error.code;
  }
};
export default {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const root = process.env.LAMBDA_TASK_ROOT;
    if (pathname.endsWith("/list")) return Response.json(readdirSync(join(root, searchParams.get("in"))).sort());
    if (pathname.endsWith("/write")) return new Response(codeOf(() => writeFileSync(join(root, "data/written"), "x")));
    if (pathname.endsWith("/required")) return Response.json(createRequire(import.meta.url)("heavy"));
    const bytes = readFileSync(new URL(searchParams.get("file"), import.meta.url));
    return new Response(createHash("sha256").update(bytes).digest("hex"));
  },
};
`;

interface LargeApp {
  folder: string;
  /** The SHA-256 of each file. */
  hashes: Map<string, string>;
}

/** @param mb of the largest file */
function largeApp(scope: Scope, name: string, mb: number, keys: object = {}): LargeApp {
  const random = new Random(seed + mb);
  const folder = join(temporaryFolder(scope), name);
  const hashes = new Map<string, string>();
  const add = (path: string, content: Buffer) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
    hashes.set(path, createHash("sha256").update(content).digest("hex"));
  };
  add("data/model.bin", random.bytes(mb << 20));
  for (let n = 0; n < 300; n++) add(`data/many/${n}.txt`, random.bytes(random.below(5_000)));
  add("node_modules/heavy/package.json", Buffer.from('{"name":"heavy","version":"1.0.0"}'));
  add(
    "node_modules/heavy/index.js",
    Buffer.from('module.exports = { text: require("node:fs").readFileSync(__dirname + "/own.txt", "utf8") };'),
  );
  add("node_modules/heavy/own.txt", Buffer.from("its own file"));
  writeFileSync(join(folder, "main.mjs"), code);
  writeFileSync(join(folder, "package.json"), "{}");
  const manifest = {
    name,
    functions: { main: { entry: "main.mjs" } },
    files: ["data/**"],
    external: ["heavy"],
    timeoutMs: 300_000,
    ...keys,
  };
  writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
  return { folder, hashes };
}

async function deploy({ client }: Platform, { folder }: LargeApp): Promise<void> {
  const { manifest, bundles } = await bundleApp(folder);
  await client.deploy(manifest, bundles);
}

const filesIn = (stateDir: string) => (existsSync(join(stateDir, "files")) ? readdirSync(join(stateDir, "files")) : []);

for (const driver of [...drivers, "process"] as const) {
  test(`on ${driver}, code finds large files as it finds small ones, and no other app's (seed ${seed})`, async (t) => {
    const platform = await startPlatform(t, { driver, blanks: 0 });
    const app = largeApp(t, "shop", 40);
    await deploy(platform, app);
    const other = largeApp(t, "other", 3);
    await deploy(platform, other);
    const text = async (path: string) => {
      const response = await platform.call(path);
      assert.equal(response.status, 200, await response.clone().text());
      return response.text();
    };
    for (const path of ["data/model.bin", "data/many/0.txt", "data/many/299.txt"])
      assert.equal(await text(`/shop/main/?file=./${path}`), app.hashes.get(path), path);
    assert.equal(await text("/other/main/?file=./data/model.bin"), other.hashes.get("data/model.bin"));
    assert.equal(JSON.parse(await text("/shop/main/list?in=data/many")).length, 300);
    assert.deepEqual(JSON.parse(await text("/shop/main/list?in=.")), ["data", "node_modules"]);
    assert.equal(await text("/shop/main/required"), '{"text":"its own file"}');
    // A process of the host's own may write where its user may.
    if (driver !== "process") assert.match(await text("/shop/main/write"), /^(EROFS|EACCES)$/);
    assert.equal(filesIn(platform.stateDir).length, 2);
    await platform.client.removeApp("other");
    await platform.client.removeApp("shop");
    // Machines have to be gone before their files are.
    await untilNone(platform);
  });
}

/** For each runtime, a function whose reply is how many bytes a file of the working directory has, and the text of another one. */
const inOtherRuntimes: Record<string, { manifest: object; files: Record<string, string> }> = {
  python: {
    manifest: { runtime: "python", functions: { main: { entry: "main.py" } } },
    files: {
      "main.py": `
import os
from own import beside

def handler(event, context):
    return {"statusCode": 200, "body": f"{os.path.getsize('data/large.bin')} {beside()}"}
`,
      "own.py": `
from pathlib import Path

def beside():
    return (Path(__file__).parent / "data" / "small.txt").read_text()
`,
    },
  },
  java: {
    manifest: { runtime: "java", functions: { main: { entry: "src", handler: "app.Main" } } },
    files: {
      "src/app/Main.java": `
package app;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

public class Main implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    try {
      return Map.of("statusCode", 200, "body", new File("data/large.bin").length() + " " + Files.readString(Path.of("data/small.txt")));
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }
}
`,
    },
  },
  server: {
    manifest: { runtime: "server", functions: { main: { command: ["node", "server.mjs"] } } },
    files: {
      "server.mjs": `
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
const text = readFileSync(new URL("./data/small.txt", import.meta.url), "utf8");
createServer((request, response) => response.end(statSync("data/large.bin").size + " " + text)).listen(process.env.PORT);
`,
    },
  },
};

for (const driver of [...drivers, "process"] as const) {
  for (const [runtime, { manifest: keys, files }] of Object.entries(inOtherRuntimes)) {
    test(`on ${driver}, code of the runtime ${runtime} is among large files, and finds them`, async (t) => {
      const platform = await startPlatform(t, { driver, blanks: 0 });
      const folder = join(temporaryFolder(t), runtime);
      const all = { ...files, "data/large.bin": "x".repeat(1_500_000), "data/small.txt": "small" };
      for (const [path, text] of Object.entries(all)) {
        mkdirSync(join(folder, path, ".."), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: runtime, files: ["data/**"], timeoutMs: 300_000, ...keys }));
      const { manifest, bundles } = await bundleApp(folder);
      await platform.client.deploy(manifest, bundles);
      const response = await platform.call(`/${runtime}/main`);
      assert.deepEqual([response.status, await response.text()], [200, "1500000 small"]);
      assert.equal(filesIn(platform.stateDir).length, 1);
    });
  }
}

async function untilNone(platform: Platform): Promise<void> {
  for (let tries = 0; filesIn(platform.stateDir).length > 0; tries++) {
    assert.ok(tries < 600, filesIn(platform.stateDir).join());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("a deploy of 200 MB is written while a running server's calls go on, and nothing of it is held in memory", async (t) => {
  const platform = await startPlatform(t, { driver: "process", maxAppCodeMb: 512 });
  await platform.deploy("examples/hello");
  const app = largeApp(t, "shop", 1);
  const file = openSync(join(app.folder, "data/model.bin"), "r+");
  ftruncateSync(file, 200_000_000);
  closeSync(file);
  assert.equal((await platform.call("/hello/hello")).status, 200);
  const before = process.memoryUsage().arrayBuffers;
  let [answered, most] = [0, 0];
  const over = new AbortController();
  const deployed = deploy(platform, app).finally(() => over.abort());
  while (!over.signal.aborted) {
    assert.equal((await platform.call("/hello/hello")).status, 200);
    answered += 1;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  await deployed;
  t.diagnostic(`${answered} calls, ${Math.round(most / 1e6)} MB`);
  // One after the other, with the client in the same process: were the upload one piece of work, or a few, they would be a few.
  assert.ok(answered >= 30, `${answered} calls were answered during the deploy`);
  assert.ok(most < 100_000_000, `${most} bytes of buffers`);
  assert.equal((await platform.call("/shop/main/list?in=data/many")).status, 200);
});

test("more than 1 GiB of files is refused before anything is uploaded, with the figures", async (t) => {
  const { folder } = largeApp(t, "shop", 1);
  truncateSync(join(folder, "data/model.bin"), 2 ** 30 + 1);
  await assert.rejects(bundleApp(folder), { code: "code-too-large", message: /the limit is 1073741824/ });
});
