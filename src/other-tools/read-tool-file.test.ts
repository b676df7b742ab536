/** Files of other tools in real folders: where their code is found, and what is refused. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeZip } from "../images/archive/make-zip.ts";
import { findToolFile } from "./find-tool-file.ts";
import { type ReadApp, type ReadOptions, withToolFile } from "./read-tool-file.ts";
import { noOptions } from "./testing/translated.ts";

function folder(t: TestContext, files: Record<string, string | object>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-tools-")));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

/** @param look is called while the folders are there that were made for the code */
function read<T = ReadApp>(root: string, options: Partial<ReadOptions> = {}, look = async (app: ReadApp) => app as T): Promise<T> {
  const found = findToolFile(root);
  assert.ok(found !== undefined, "no file of a tool was found");
  const usual: ReadOptions = {
    ...noOptions(),
    name: undefined,
    stack: undefined,
    concurrency: 1,
    cacheDir: join(root, ".cache"),
    variables: {},
  };
  return withToolFile(found, { ...usual, ...options }, look);
}

const refused = (root: string, what: RegExp, options: Partial<ReadOptions> = {}) =>
  assert.rejects(read(root, options), { code: "bad-tool-file", message: what });

const node = "exports.handler = async () => 1;";
const python = "def main(event, context):\n    return 1\n";
const service = (functions: object, more: object = {}) => ({
  service: "shop",
  provider: { name: "aws", runtime: "nodejs20.x" },
  functions,
  ...more,
});
const sam = (functions: Record<string, object>) => ({
  Resources: Object.fromEntries(
    Object.entries(functions).map(([name, own]) => [name, { Type: "AWS::Serverless::Function", Properties: own }]),
  ),
});

test("a service becomes one app, whose manifest says what the file says", async (t) => {
  const functions = {
    list: { handler: "src/orders.list", timeout: 3, events: [{ httpApi: "GET /orders/{id}" }] },
    report: { handler: "jobs.report.main", runtime: "python3.12", memorySize: 512 },
    program: { handler: "bin/main", runtime: "provided.al2023", environment: { LEVEL: "info" } },
  };
  const root = folder(t, {
    "serverless.json": service(functions, { package: { patterns: ["views/**", "!secret/**", "none/**", "node_modules/x/**"] } }),
    "src/orders.ts": "export const list = 1;",
    "jobs/report.py": python,
    "bin/main": "",
    "views/a.html": "",
  });
  const { written, groups, passedOver } = await read(root, { environment: new Map([["KEY", "v"]]) });
  assert.deepEqual(written, {
    name: "shop",
    functions: {
      list: { entry: "src/orders.ts", handler: "list", timeoutMs: 3_000 },
      report: { entry: "jobs/report.py", runtime: "python", handler: "main", access: "token" },
      program: { entry: "bin/main", runtime: "provided", access: "token" },
    },
    routes: { "GET /orders/{id}": "list" },
    memoryMb: 512,
    concurrency: 1,
    network: "egress",
    env: { LEVEL: "info", KEY: "v" },
  });
  assert.deepEqual(
    groups.map((each) => [each.runtime, each.root, each.files]),
    [
      ["node", root, ["views/**"]],
      ["python", root, ["views/**"]],
      ["provided", root, ["views/**"]],
    ],
  );
  assert.match(passedOver.map(({ why }) => why).join(), /"node_modules\/x\/\*\*" names packages/);
});

test("the app is called as the service, the stack or the folder, or as the user says", async (t) => {
  const files = { "template.json": sam({ F: { CodeUri: "f", Handler: "index.handler", Runtime: "nodejs20.x" } }), "f/index.js": node };
  const named = async (more: Record<string, string>, options = {}) => (await read(folder(t, { ...files, ...more }), options)).manifest.name;
  assert.equal(await named({ "samconfig.toml": 'version = 0.1\n[default.deploy.parameters]\nstack_name = "my.stack"\n' }), "my-stack");
  assert.match(await named({}), /^mayfly-tools-/);
  assert.equal(await named({}, { name: "other" }), "other");
  await assert.rejects(named({}, { name: "a b" }), { code: "bad-manifest" });
});

test("a handler's file is found as Lambda's runtimes find it, and one that is not there is told of", async (t) => {
  const of = async (handler: string, runtime: string, files: Record<string, string>) => {
    const { manifest } = await read(folder(t, { "serverless.json": service({ f: { handler, runtime } }), ...files }));
    return [manifest.functions["f"]!.entry, manifest.functions["f"]!.handler];
  };
  assert.deepEqual(await of("a/b.c", "nodejs20.x", { "a/b.ts": "", "a/b.js": "" }), ["a/b.js", "c"]);
  assert.deepEqual(await of("./a/b.c", "nodejs20.x", { "a/b.mts": "" }), ["a/b.mts", "c"]);
  assert.deepEqual(await of("a.b.c", "python3.12", { "a/b/__init__.py": "" }), ["a/b/__init__.py", "c"]);
  assert.deepEqual(await of("shop.Order::run", "java21", { "src/main/java/A.java": "", "target/x.jar": "" }), [
    "target",
    "shop.Order::run",
  ]);
  assert.deepEqual(await of("any", "provided.al2", { bootstrap: "" }), ["bootstrap", "handler"]);
  const root = (handler: string, runtime: string) => folder(t, { "serverless.json": service({ f: { handler, runtime } }) });
  await refused(root("a/b.c", "nodejs20.x"), /functions\.f: its handler is "a\/b\.c", and there is no a\/b\.js, a\/b\.ts or the like/);
  await refused(root("main", "nodejs20.x"), /must be a file and an export of it/);
  await refused(root("main", "provided"), /no program called bootstrap/);
});

test("functions of Python see the folder of their code as their root, as at Lambda", async (t) => {
  const files = { "hello/app.py": python, "hello/util.py": "", "hello/requirements.txt": "x" };
  const one = folder(t, { "template.json": sam({ F: { CodeUri: "hello/", Handler: "app.main", Runtime: "python3.12" } }), ...files });
  const { groups, manifest } = await read(one);
  assert.deepEqual([groups[0]!.root, groups[0]!.files, manifest.functions["F"]!.entry], [join(one, "hello"), ["**"], "app.py"]);
});

test("folders of several functions of Python are put together, and modules that differ are refused", async (t) => {
  const functions = {
    A: { CodeUri: "functions/a", Handler: "app.main", Runtime: "python3.12" },
    B: { CodeUri: "functions/b", Handler: "app.main", Runtime: "python3.12" },
    C: { InlineCode: python, Handler: "index.main", Runtime: "python3.12" },
  };
  const files = {
    "template.json": sam(functions),
    "functions/a/app.py": "import helper",
    "functions/a/helper.py": "a = 1",
    "functions/a/requirements.txt": "one\nboth\n",
    "functions/b/app.py": "import tables",
    "functions/b/tables/__init__.py": "",
    "functions/b/requirements.txt": "both\ntwo\n",
  };
  const seen = await read(folder(t, files), {}, async ({ groups, manifest }) => {
    const [{ root }] = groups as [ReadApp["groups"][0]];
    const entries = Object.values(manifest.functions).map(({ entry }) => entry!);
    for (const entry of entries) assert.ok(existsSync(join(root, entry)), entry);
    return { root, entries, top: readdirSync(root).toSorted(), required: readFileSync(join(root, "requirements.txt"), "utf8") };
  });
  assert.deepEqual(seen.entries, ["functions/a/app.py", "functions/b/app.py", "inline/C/index.py"]);
  assert.deepEqual(seen.top, ["functions", "helper.py", "inline", "requirements.txt", "tables"]);
  assert.deepEqual(
    seen.required.split("\n").filter((line) => line !== ""),
    ["one", "both", "two"],
  );
  assert.ok(!existsSync(seen.root), "what was put together is removed");
  const differing = folder(t, { ...files, "functions/b/helper.py": "a = 2" });
  await refused(differing, /both have a module helper\.py, and these differ.*--only B and --name/);
  assert.deepEqual(Object.keys((await read(differing, { only: new Set(["B"]) })).manifest.functions), ["B"]);
});

test("a name that --only or --except mistypes is refused with those that there are", async (t) => {
  const template = folder(t, {
    "template.json": sam({ Api: { InlineCode: node, Handler: "index.handler", Runtime: "nodejs20.x" } }),
  });
  await refused(template, /no function Apy, which --only names; there are Api/, { only: new Set(["Api", "Apy"]) });
  await refused(template, /no function Apy, which --except names; there are Api/, { except: new Set(["Apy"]) });
  const ofServerless = folder(t, { "serverless.json": service({ pay: { handler: "a.b" } }) });
  await refused(ofServerless, /no function pya, which --only names; there are pay/, { only: new Set(["pya"]) });
});

test("code that stands in the file is bundled from a folder that is removed afterwards", async (t) => {
  const root = folder(t, { "template.json": sam({ F: { InlineCode: node, Handler: "index.handler", Runtime: "nodejs20.x" } }) });
  const place = await read(root, {}, async ({ groups, manifest }) => {
    const file = join(groups[0]!.root, manifest.functions["F"]!.entry!);
    assert.equal(readFileSync(file, "utf8"), node);
    return file;
  });
  assert.ok(!existsSync(place));
});

test("functions of an app share variables, so that values that differ are refused", async (t) => {
  const functions = (second: string) => ({
    a: { handler: "a.handler", environment: { TABLE: "one" } },
    b: { handler: "a.handler", environment: { TABLE: second } },
  });
  const files = { "a.js": node };
  await refused(
    folder(t, { "serverless.json": service(functions("two")), ...files }),
    /functions\.b: it has another value for the variable TABLE than a.*--only b/,
  );
  assert.deepEqual((await read(folder(t, { "serverless.json": service(functions("one")), ...files }))).manifest.env, { TABLE: "one" });
  const given = await read(folder(t, { "serverless.json": service(functions("two")), ...files }), {
    environment: new Map([["TABLE", "x"]]),
  });
  assert.deepEqual(given.manifest.env, { TABLE: "x" });
});

test("nothing outside of the folder is read, by whatever path or link", async (t) => {
  const outside = folder(t, { "secret.json": { handler: "a.handler" }, "index.js": node });
  const named = (path: string) => `\${file(${path}):handler}`;
  for (const path of ["../x.json", "/etc/hostname", join(outside, "secret.json"), "a/../../x.json"])
    await refused(folder(t, { "serverless.json": service({ f: { handler: named(path) } }) }), /outside of the folder/);
  const linked = folder(t, { "serverless.json": service({ f: { handler: named("link.json") } }) });
  symlinkSync(join(outside, "secret.json"), join(linked, "link.json"));
  await refused(linked, /"link\.json" is outside of the folder/);
  for (const path of ["..", "/etc", "../other", "a\0b"]) {
    const root = folder(t, { "template.json": sam({ F: { CodeUri: path, Handler: "index.handler", Runtime: "nodejs20.x" } }) });
    await refused(root, /outside of the folder/);
  }
  const code = folder(t, { "template.json": sam({ F: { CodeUri: "code", Handler: "index.handler", Runtime: "nodejs20.x" } }) });
  symlinkSync(outside, join(code, "code"));
  await refused(code, /"code" is outside of the folder/);
  await refused(folder(t, { "serverless.json": service({ f: { handler: "../../etc/x.y" } }) }), /there is no \.\.\/\.\.\/etc\/x\.js/);
  await refused(
    folder(t, { "serverless.json": service({ f: { handler: "a.b" } }, { package: { artifact: "../x.jar" } }) }),
    /outside of the folder/,
  );
});

test("the file of a handler is no link to another folder, but may be one within the folder", async (t) => {
  const outside = folder(t, { "app.js": node, "app.py": python, bootstrap: "\u007fELF", "target/a.jar": "", "requirements.txt": "secret" });
  const files: [runtime: string, handler: string, file: string][] = [
    ["nodejs22.x", "app.handler", "app.js"],
    ["python3.12", "app.main", "app.py"],
    ["provided.al2023", "any", "bootstrap"],
    ["java21", "a.B::c", "target"],
  ];
  for (const [Runtime, Handler, file] of files) {
    const root = folder(t, { "template.json": sam({ F: { Runtime, Handler, CodeUri: "src" } }), "src/other": "" });
    symlinkSync(join(outside, file), join(root, "src", file));
    await refused(root, /is outside of the folder/);
  }
  const inside = folder(t, {
    "template.json": sam({ F: { Runtime: "python3.12", Handler: "app.main", CodeUri: "src" } }),
    "shared/app.py": python,
    "src/other": "",
  });
  symlinkSync("../shared/app.py", join(inside, "src", "app.py"));
  assert.deepEqual((await read(inside)).functions.length, 1);
  const both = sam({
    F: { Runtime: "python3.12", Handler: "app.main", CodeUri: "one" },
    G: { Runtime: "python3.12", Handler: "other.main", CodeUri: "two" },
  });
  const united = folder(t, { "template.json": both, "one/app.py": python, "two/other.py": python });
  symlinkSync(join(outside, "requirements.txt"), join(united, "one", "requirements.txt"));
  await read(united, {}, async ({ groups }) => assert.ok(!existsSync(join(groups[0]!.root, "requirements.txt"))));
});

test("a function's name is no path", async (t) => {
  for (const name of ["../../x", "a/b", "a b", "..", ""]) {
    const root = folder(t, { "template.json": sam({ [name]: { InlineCode: node, Handler: "index.handler", Runtime: "nodejs20.x" } }) });
    await refused(root, /its name is ".*", and must be 1 to 64 of letters, digits, - and _/);
    assert.deepEqual(
      readdirSync(root).filter((each) => each !== ".cache"),
      ["template.json"],
    );
  }
});

test("packages in zip archives are unpacked, and those that would leave their folder are refused", async (t) => {
  const zipped = (files: Record<string, string>) =>
    makeZip(Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text) })));
  const functions = {
    page: { handler: "src/page.handler", package: { artifact: "page.zip" } },
    report: { handler: "jobs/report.main", runtime: "python3.12", package: { artifact: "out/report.zip" } },
    native: { handler: "main", runtime: "provided.al2023", package: { artifact: "native.zip" } },
  };
  const root = folder(t, { "serverless.json": service(functions), "out/x": "" });
  writeFileSync(join(root, "page.zip"), zipped({ "src/page.js": node }));
  writeFileSync(join(root, "out/report.zip"), zipped({ "jobs/report.py": python, "jobs/data.txt": "d" }));
  writeFileSync(join(root, "native.zip"), zipped({ bootstrap: "program" }));
  const place = await read(root, {}, async ({ groups, manifest }) => {
    const at = (name: string) => join(groups.find(({ functions: own }) => own.includes(name))!.root, manifest.functions[name]!.entry!);
    assert.deepEqual(
      ["page", "report", "native"].map((name) => readFileSync(at(name), "utf8")),
      [node, python, "program"],
    );
    assert.ok(existsSync(join(dirname(at("report")), "data.txt")));
    return at("page");
  });
  assert.ok(!existsSync(place));
  for (const name of ["../out.js", "/abs.js", "a/../../x.js"]) {
    writeFileSync(join(root, "page.zip"), zipped({ "src/page.js": node, [name]: "x" }));
    await refused(root, /page\.zip is no archive that can be unpacked/);
  }
  writeFileSync(join(root, "page.zip"), "no archive");
  await refused(root, /page\.zip is no archive that can be unpacked/);
  writeFileSync(join(root, "page.zip"), zipped({ "src/page.js": node, "src/page.js/x": "y" }));
  await refused(root, /a file and a folder of one name/);
});

const ASSEMBLY = {
  "cdk.out/manifest.json": {
    artifacts: {
      "Shop.assets": { type: "cdk:asset-manifest" },
      Shop: { type: "aws:cloudformation:stack", properties: { templateFile: "Shop.template.json", stackName: "shop-prod" } },
      "assembly-Later": { type: "cdk:cloud-assembly", properties: { directoryName: "assembly-Later" } },
    },
  },
  "cdk.out/Shop.template.json": {
    Resources: {
      F: { Type: "AWS::Lambda::Function", Properties: { Code: { S3Key: "aa.zip" }, Handler: "index.handler", Runtime: "nodejs22.x" } },
    },
  },
  "cdk.out/Shop.assets.json": {
    files: { aa: { source: { path: "asset.aa", packaging: "zip" }, destinations: { here: { objectKey: "aa.zip" } } } },
  },
  "cdk.out/asset.aa/index.js": node,
  "cdk.out/assembly-Later/manifest.json": {
    artifacts: { LaterShop: { type: "aws:cloudformation:stack", properties: { templateFile: "Later.template.json" } } },
  },
  "cdk.out/assembly-Later/Later.template.json": { Resources: {} },
};

test("of what CDK has synthesised, a stack is an app", async (t) => {
  const root = folder(t, ASSEMBLY);
  await refused(root, /it has several stacks, each of which is an app: name one by --stack, of Shop, LaterShop/);
  await refused(root, /it has no stack Other; there are: Shop, LaterShop/, { stack: "Other" });
  const { manifest, groups } = await read(root, { stack: "Shop" });
  assert.deepEqual(
    [manifest.name, manifest.functions["F"]!.entry, groups[0]!.root],
    ["shop-prod", "asset.aa/index.js", join(root, "cdk.out")],
  );
  await refused(root, /it has no function/, { stack: "LaterShop" });
});

test("a program that would have to be run is told of, with what to run by oneself", (t) => {
  assert.throws(() => findToolFile(folder(t, { "serverless.ts": "" })), { code: "bad-tool-file", message: /serverless print/ });
  assert.throws(() => findToolFile(folder(t, { "cdk.json": "{}" })), { code: "bad-tool-file", message: /cdk synth/ });
  assert.equal(findToolFile(folder(t, { "index.js": "" })), undefined);
});

test("who may call a function stands in the manifest that is made of the file", async (t) => {
  const event = (more: object) => [{ http: { path: "/a", method: "get", ...more } }];
  const functions = {
    open: { handler: "a.handler", events: [{ http: "GET /open" }] },
    guarded: { handler: "a.handler", events: event({ authorizer: "aws_iam", cors: true }) },
    nightly: { handler: "a.handler" },
  };
  const { manifest } = await read(folder(t, { "serverless.json": service(functions), "a.js": node }));
  assert.deepEqual(
    Object.values(manifest.functions).map(({ access, cors, payload }) => [access, cors, payload]),
    [
      [undefined, undefined, "1.0"],
      ["aws", { origins: "*" }, "1.0"],
      ["token", undefined, undefined],
    ],
  );
});
