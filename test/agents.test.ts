/** What agents and shells get of the command line: tools by the Model Context Protocol, and completion. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../src/base/config/load.ts";
import { completedCommands } from "../src/cli/completion-words.ts";
import { completionScript } from "../src/cli/completion-scripts.ts";
import { commands } from "../src/cli/commands.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../src/images/debian/program-root.ts";
import { start } from "./command.ts";
import { createScope, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

interface Answer {
  id: number | null;
  result?: Record<string, any>;
  error?: { code: number; message: string };
}

describe("mayfly mcp", () => {
  const scope = createScope();
  let platform: Platform;

  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 1 });
  });
  after(() => scope.close());

  /** Sends lines, and resolves with the answers when the server has ended. */
  async function talk(lines: readonly (string | object)[], token = platform.running.token): Promise<Answer[]> {
    const child = start(["mcp"], { env: { MAYFLY_API: platform.running.apiUrl, MAYFLY_TOKEN: token }, cwd: projectDir });
    child.stdin!.end(lines.map((line) => `${typeof line === "string" ? line : JSON.stringify({ jsonrpc: "2.0", ...line })}\n`).join(""));
    const answers: Answer[] = [];
    for await (const line of createInterface({ input: child.stdout! })) answers.push(JSON.parse(line) as Answer);
    return answers;
  }

  const initialize = {
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  };
  const call = (id: number, name: string, given: object) => ({ id, method: "tools/call", params: { name, arguments: given } });
  const textOf = (answer: Answer | undefined) => answer!.result!["content"][0].text as string;
  const by = (answers: Answer[], id: number) => answers.find((each) => each.id === id);

  test("a client learns the tools, deploys, calls, and reads logs, decisions and bills", async () => {
    const folder = join(projectDir, "examples/hello");
    const first = await talk([
      initialize,
      { method: "notifications/initialized" },
      { id: 1, method: "tools/list" },
      call(2, "deploy", { folder }),
    ]);
    assert.deepEqual(by(first, 0)!.result!["protocolVersion"], "2025-06-18");
    const tools = by(first, 1)!.result!["tools"] as { name: string; inputSchema: { type: string } }[];
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["list_apps", "deploy", "call", "logs", "explain", "bill", "machines"],
    );
    for (const { inputSchema } of tools) assert.equal(inputSchema.type, "object");
    assert.partialDeepStrictEqual(JSON.parse(textOf(by(first, 2))), { app: "hello", revision: 1 });
    const [, called] = await talk([initialize, call(1, "call", { app: "hello", function: "hello", path: "?name=Ada" })]);
    assert.partialDeepStrictEqual(JSON.parse(textOf(called)), { status: 200, body: "Hello, Ada!\n" });
    const more = await talk([
      call(1, "list_apps", {}),
      call(2, "logs", { app: "hello" }),
      call(3, "explain", { app: "hello" }),
      call(4, "bill", { app: "hello" }),
      call(5, "machines", {}),
    ]);
    assert.deepEqual(
      more.map(({ result }) => result!["isError"]),
      [false, false, false, false, false],
    );
    assert.partialDeepStrictEqual(JSON.parse(textOf(by(more, 1))), [{ app: "hello", functions: ["hello"] }]);
    assert.match(textOf(by(more, 3)), /bind/);
    assert.match(textOf(by(more, 4)), /"requests": 1/);
  });

  test("it may do what its token may, and what fails is told to the model", async () => {
    const { token } = await platform.client.createToken({ principal: "agent", role: "reader", apps: null });
    const answers = await talk(
      [
        call(1, "list_apps", {}),
        call(2, "deploy", { folder: join(projectDir, "examples/wait") }),
        call(3, "logs", { app: "none" }),
        call(4, "logs", {}),
      ],
      token,
    );
    assert.equal(by(answers, 1)!.result!["isError"], false);
    for (const [id, pattern] of [
      [2, /may not/],
      [3, /no app none/],
      [4, /app/],
    ] as const) {
      assert.equal(by(answers, id)!.result!["isError"], true);
      assert.match(textOf(by(answers, id)), pattern);
    }
  });

  test("what is no message of the protocol gets the errors of JSON-RPC, and the next line is served", async () => {
    const answers = await talk([
      "no JSON",
      "[]",
      '{"id":1}',
      { id: 2, method: "resources/list" },
      { id: 3, method: "tools/call", params: { name: "constructor" } },
      { id: { not: "an id" }, method: "ping" },
      { id: 4, result: {} },
      { id: 5, method: "ping", params: null },
      { id: 6, method: "initialize", params: { protocolVersion: "1999-01-01" } },
    ]);
    const codes = answers.flatMap(({ id, error }) => (error === undefined ? [] : [`${id} ${error.code}`]));
    assert.deepEqual(new Set(codes), new Set(["null -32700", "null -32600", "2 -32601", "3 -32602"]));
    assert.equal(codes.length, 6);
    assert.deepEqual(by(answers, 5)!.result, {});
    assert.equal(by(answers, 6)!.result!["protocolVersion"], "2025-11-25");
    assert.equal(answers.length, 8);
  });
});

describe("completion", () => {
  const scope = createScope();
  after(() => scope.close());
  const { cacheDir } = loadConfig({});
  const scriptFor = async (shell: "bash" | "zsh" | "fish") => {
    const file = join(temporaryFolder(scope), `mayfly.${shell}`);
    writeFileSync(file, completionScript(shell, await completedCommands()));
    return file;
  };
  const run = (command: string[], input: string) => {
    const { stdout, stderr, status } = spawnSync(command[0]!, command.slice(1), { input, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout.split("\n").filter((line) => line !== "");
  };

  test("bash offers commands, their own commands, options and values, and passes over options with values", async () => {
    const file = await scriptFor("bash");
    const offered = (...words: string[]) =>
      run(
        ["bash"],
        `source ${file}\nCOMP_WORDS=(mayfly ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _mayfly; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    assert.deepEqual(offered("expl"), ["explain"]);
    assert.deepEqual(
      offered("").slice(0, commands.length),
      commands.map(({ name }) => name),
    );
    assert.deepEqual(offered("alias", "s"), ["set"]);
    assert.deepEqual(offered("ps", "--js"), ["--json"]);
    assert.deepEqual(offered("ps", "--api", "--state", "--js"), ["--json"], "--state is the value of --api");
    assert.deepEqual(offered("top", "--by", ""), ["app", "function"]);
    assert.deepEqual(offered("ps", "--api", ""), []);
  });

  test("zsh and fish read their scripts, and offer the same words", async () => {
    const fishRoot = await fetchProgramRoot({ suite: imageSuite, packages: ["fish"], cacheDir });
    const fishFile = await scriptFor("fish");
    const fish = async (line: string) =>
      run([...(await hostCommand(fishRoot, "/usr/bin/fish")), "--no-config", "-c", `source ${fishFile}; complete -C '${line}'`], "").map(
        (each) => each.split("\t")[0],
      );
    assert.deepEqual(await fish("mayfly expl"), ["explain"]);
    assert.deepEqual(await fish("mayfly alias s"), ["set"]);
    assert.deepEqual(await fish("mayfly ps --js"), ["--json"]);
    assert.deepEqual(await fish("mayfly top --by f"), ["function"]);
    const zshRoot = await fetchProgramRoot({ suite: imageSuite, packages: ["zsh"], cacheDir });
    const zshFile = await scriptFor("zsh");
    const zsh = async (...words: string[]) =>
      run(
        [...(await hostCommand(zshRoot, "/bin/zsh")), "-f"],
        `compdef() { : }\n_files() { : }\n_describe() { print -l -- "\${(@P)2}" }\nsource ${zshFile}\nwords=(mayfly ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; _mayfly`,
      ).map((each) => each.replace(/(?<!\\):.*/, ""));
    assert.deepEqual(
      (await zsh("")).slice(0, commands.length),
      commands.map(({ name }) => name),
    );
    assert.ok((await zsh("alias", "")).includes("set"));
    assert.deepEqual(await zsh("top", "--by", ""), ["app", "function"]);
  });
});

test("every page that llms.txt names is there", () => {
  const links = [...readFileSync(join(projectDir, "llms.txt"), "utf8").matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
  assert.ok(links.length > 20);
  for (const link of links) assert.ok(existsSync(join(projectDir, link)), link);
});
