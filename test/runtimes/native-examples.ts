/** The examples that are compiled to programs, in C++ and Go. C's is among the others. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ErrorBody } from "../../src/base/errors/error.ts";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { compileOnce } from "../../src/guest/runtimes/testing/compile-once.ts";
import { copyApp, exampleFile, type Platform, projectDir, type Scope } from "../platform.ts";

export function describeNativeExamples(scope: Scope, platform: () => Platform): void {
  const deploy = async (example: string, source: string, program: string) => {
    const folder = copyApp(scope, `examples/${example}`, {});
    writeFileSync(join(folder, program), await compileOnce(join(projectDir, "examples", example, source)));
    const { manifest, bundles, warnings } = await bundleApp(folder);
    assert.deepEqual(warnings, []);
    await platform().client.deploy({ ...manifest, timeoutMs: 300_000 }, bundles);
  };

  test("the program in C++ writes numerals, and says what it cannot write", async () => {
    await deploy("cpp", "bootstrap.cpp", "bootstrap");
    const numeral = await platform().call("/roman/numeral/1984");
    assert.deepEqual([numeral.status, await numeral.text()], [200, "MCMLXXXIV\n"]);
    await platform().logged("roman", /^numeral of 1984$/);
    const refused = await platform().call("/roman/numeral/4000");
    assert.deepEqual([refused.status, ((await refused.json()) as ErrorBody).error.code], [500, "function-threw"]);
    await platform().logged("roman", /BadNumber.*numerals go from 1 to 3999/);
  });

  test("the program in Go serves several invocations at a time, whose ids it prints", async () => {
    await deploy("go", "bootstrap.go", "bootstrap");
    const factors = async (path: string) => {
      const response = await platform().call(`/factors/of${path}`);
      return [response.status, await response.text()];
    };
    const numbers = { "/360": "2 2 2 3 3 5\n", "/65537": "65537\n", "/281474976710655": "3 3 5 7 13 17 97 241 257 673\n" };
    const found = await Promise.all(Object.keys(numbers).map(factors));
    assert.deepEqual(
      found,
      Object.values(numbers).map((text) => [200, text]),
    );
    assert.equal((await factors("/zero"))[0], 400);
    const lines = await platform().logged("factors", /factors of \/zero$/);
    for (const { text, invocation } of lines.filter((line) => line.text.includes(" factors of ")))
      assert.equal(text.split(" ")[0], invocation);
  });

  test("the web server in Go counts a text that streams, and shows a page of its own", async () => {
    await deploy("go-server", "server.go", "server");
    const texts = { "tüte 1": 4, [exampleFile("README.md").toString()]: undefined };
    for (const [text, letters] of Object.entries(texts)) {
      const response = await platform().call("/letters/web", { method: "POST", body: text });
      assert.equal(await response.text(), `${letters ?? text.replaceAll(/\P{L}/gu, "").length} letters\n`);
    }
    await platform().logged("letters", /^counted text 2$/);
    assert.match(await (await platform().call("/letters/web")).text(), /counted the letters of 2 texts/);
  });
}
