/**
 * A registry package that depends on a git repository, through which npm would run a program named by that repository. Both are served on
 * this host's loopback.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { npmLock } from "./npm.ts";
import { createUids } from "../../base/uids/uids.ts";
import { listening } from "../../base/testing/listening.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-npm-git-"));
after(() => rmSync(scratch, { recursive: true }));
const isThere = ["git", "npm"].every((name) => existsSync(`/usr/bin/${name}`));

test(
  "no package is taken from git, and git is not even run",
  { skip: !isThere && "there is no git or no npm", timeout: 300_000 },
  async (context) => {
    const repository = join(scratch, "evil");
    mkdirSync(repository);
    writeFileSync(join(repository, "package.json"), JSON.stringify({ name: "evil", version: "1.0.0" }));
    const git = (...words: string[]) =>
      execFileSync("git", ["-C", repository, "-c", "user.name=a", "-c", "user.email=a@b.example", ...words]);
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message", "evil");
    git("update-server-info");

    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      const file = join(scratch, request.url!.split("?")[0]!);
      if (request.url !== "/hostile") {
        if (existsSync(file)) response.end(readFileSync(file));
        else response.writeHead(404).end();
        return;
      }
      const dist = { tarball: `${origin}/hostile.tgz`, integrity: "sha512-AAAA" };
      const one = { name: "hostile", version: "1.0.0", dependencies: { evil: `git+${origin}/evil/.git` }, dist };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ name: "hostile", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": one } }));
    });
    const port = await listening(server);
    context.after(() => server.close());
    const origin = `http://127.0.0.1:${port}`;

    process.env["npm_config_registry"] = origin;
    context.after(() => delete process.env["npm_config_registry"]);
    await assert.rejects(npmLock({ cacheDir: join(scratch, "cache"), uids: createUids() }, { hostile: "1.0.0" }, true), {
      code: "image-build-failed",
    });
    assert.deepEqual(
      asked.filter((url) => url.includes("evil")),
      [],
    );
    assert.ok(asked.includes("/hostile"));
  },
);
