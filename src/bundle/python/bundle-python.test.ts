/** What travels with an app in Python, and what its deploy warns of. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readFileList } from "../../store/catalog/app-files.ts";
import { bundleApp } from "../bundle-app.ts";
import { inMemory } from "../testing/in-memory.ts";

let parent: string;
let root: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "mayfly-python-"));
  root = join(parent, "app");
});
afterEach(() => rmSync(parent, { recursive: true }));

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function bundled(code: string, files: string[] = []): Promise<{ paths: string[]; warnings: string[] }> {
  write("main.py", code);
  write(
    "mayfly.json",
    JSON.stringify({ name: "app", runtime: "python", functions: { main: { entry: "main.py" } }, ...(files.length > 0 && { files }) }),
  );
  const { bundles, warnings } = await bundleApp(root);
  return { paths: readFileList(inMemory(bundles).at(-1)!.code).map(([path]) => path), warnings };
}

const handler = "def handler(event, context): pass\n";

test("links to modules and to folders with modules travel as what they lead to; those that cannot are told", async () => {
  write("shared/util.py", "x = 1");
  write("shared/deep/more.py", "y = 1");
  symlinkSync("shared/util.py", join(root, "alias.py"));
  symlinkSync("shared", join(root, "package"));
  symlinkSync("..", join(root, "shared/deep/round"));
  symlinkSync("nowhere.py", join(root, "broken.py"));
  symlinkSync("circle.py", join(root, "circle.py"));
  mkdirSync(join(parent, "outside"));
  writeFileSync(join(parent, "outside/o.py"), "");
  symlinkSync("../outside/o.py", join(root, "out.py"));
  symlinkSync("../outside", join(root, "outside"));
  const { paths, warnings } = await bundled(handler);
  assert.deepEqual(paths, ["alias.py", "main.py", "package/deep/more.py", "package/util.py", "shared/deep/more.py", "shared/util.py"]);
  assert.deepEqual(warnings.toSorted(), [
    "broken.py does not travel: it is a link that leads nowhere",
    "circle.py does not travel: it is a link that leads nowhere",
    "out.py does not travel: it is a link that leads out of the app's folder",
    "outside does not travel: it is a link that leads out of the app's folder",
    ...["package", "shared"].map((folder) => `${folder}/deep/round does not travel: it is a link that leads to a folder that it is in`),
  ]);
});

const reads: [what: string, code: string, warned: string | undefined][] = [
  ["a name given to open()", 'open("data.csv")', "data.csv"],
  ["a plain word given to open()", 'open("LICENSE")', "LICENSE"],
  ["a path beside the module", 'Path(__file__).parent / "views" / "a.html"', "views/a.html"],
  ["os.path.join()", 'os.path.join(os.path.dirname(__file__), "views", "a.html")', "views/a.html"],
  ["joinpath()", 'Path(__file__).parent.joinpath("views", "a.html")', "views/a.html"],
  ["a folder of templates", 'Flask(__name__, template_folder="views/", static_folder=None)', "views/**"],
  ["a folder that a framework is told", 'Jinja2Templates(directory="views")', "views/**"],
  ["a folder that Flask knows by itself", "Flask(__name__, template_folder=None)", "static/**"],
  ["a template by its name in the folder of templates", 'render(request, "mail/a.txt")', "templates/mail/a.txt"],
  ["the beginning of a path whose end is computed", 'os.path.join("views", name)', undefined],
  ["a docstring", '"""data.csv"""', undefined],
  ["a comment", "# data.csv", undefined],
  ["a file that is not there", 'open("other.csv")', undefined],
  ["a word that happens to be a folder's name", 'print("views")', undefined],
  ["an address", 'get("https://example.com/data.csv")', undefined],
  ["a path on a site", 'route("/views")', undefined],
  ["a path on a site at the end of a longer text", 'get(f"{site}/views")', undefined],
  ["the end of a sum of texts", 'open(here + "/views/a.html")', "views/a.html"],
  ["the end of a text with values", 'open(f"{here}/data.csv")', "data.csv"],
];
for (const [what, code, warned] of reads) {
  test(`a file that does not travel: ${what} is ${warned === undefined ? "no reason to warn" : "warned of"}`, async () => {
    for (const path of ["data.csv", "LICENSE", "views/a.html", "static/app.css", "templates/mail/a.txt"]) write(path);
    const { warnings } = await bundled(`import os\n${handler}\ndef f(name):\n  pass\n  ${code}\n`);
    if (warned === undefined) return assert.deepEqual(warnings, []);
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, /is named here \(main\.py:6\), but it is not in the machine/);
    assert.ok(warnings[0]!.includes(`as "${warned}"`), warnings.join());
    // As the warning says.
    assert.deepEqual((await bundled(`import os\n${handler}\ndef f(name):\n  pass\n  ${code}\n`, [warned])).warnings, []);
  });
}

test("a file that a module of a folder names is looked up beside it, too", async () => {
  write("pages/index.html");
  write("pages/show.py", 'page = "index.html"');
  assert.match(
    (await bundled(`import pages.show\n${handler}`)).warnings.join("\n"),
    /^pages\/index\.html is named here \(pages\/show\.py:1\)/,
  );
});

test("a file that travels beside its module is not missed elsewhere", async () => {
  write("report.txt");
  write("report/report.txt");
  write("report/app.py", `import os\nopen(os.path.join(os.path.dirname(__file__), "report.txt"))`);
  const entry = `import report.app\n${handler}`;
  assert.deepEqual((await bundled(entry, ["report/report.txt"])).warnings, []);
  assert.equal((await bundled(entry)).warnings.length, 1);
});

test("one warning tells of a folder and of what is in it", async () => {
  write("templates/a.html");
  const code = `${handler}\ndef f(Flask, render_template):\n  Flask("main")\n  render_template("a.html")\n`;
  assert.match((await bundled(code)).warnings.join("\n"), /^templates is named here \(main\.py:4\).* as "templates\/\*\*"$/);
});

test("what no function may load names files in vain; what a text names as a module counts", async () => {
  write("data.csv");
  write("setup.py", 'open("data.csv")');
  write("conf/settings.py", 'DATA = "data.csv"');
  assert.deepEqual((await bundled(handler)).warnings, []);
  const { warnings } = await bundled(`import os\nos.environ["SETTINGS"] = "conf.settings"\n${handler}`);
  assert.match(warnings.join("\n"), /^data\.csv is named here \(conf\/settings\.py:1\)/);
});

test("a module that is nowhere is warned of where an entry reaches its import, and the code cannot do without", async () => {
  write("parts/__init__.py", "from . import store\nfrom .. import main");
  write("parts/store.py", "import sqlite3, nowhere.deep\nfrom parts.helper import x\nimport main");
  write("parts/helper.py", "x = 1\ndef late():\n  import elsewhere");
  write("unused.py", "import never_told");
  write("vendored/odd/thing.py", "");
  const code = `
import contextlib, os.path, sys, typing, parts, __main__, odd, snapshot_restore_py
from parts import store as kept
sys.path.append("vendored")
try:
    import faster
except ImportError:
    import slower
else:
    import with_faster
try:
    import grouped
except* ImportError:
    pass
with contextlib.suppress(ImportError):
    import suppressed
if typing.TYPE_CHECKING:
    from types_only import T
if sys.version_info < (3, 11):
    import tomli
if __name__ == "__main__":
    import uvicorn
${handler}`;
  const { warnings } = await bundled(code);
  assert.deepEqual(
    warnings.map((each) => each.slice(0, each.indexOf(", and is"))),
    ["nowhere is imported here (parts/store.py:1)", "elsewhere is imported here (parts/helper.py:3)"].toSorted(),
  );
  assert.match(warnings[0]!, /name the package that brings it in requirements\.txt$/);
});

test("a module that lies beside its importer in a folder is told with the name by which it is found", async () => {
  write("jobs/helper.py");
  write("jobs/report.py", "import helper");
  const { warnings } = await bundled(`from jobs import report\n${handler}`);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /^helper is imported here \(jobs\/report\.py:1\), and is in the folder jobs, .* import jobs\.helper, or add jobs to/,
  );
  assert.deepEqual((await bundled(`import sys\nsys.path.append("jobs")\nfrom jobs import report\n${handler}`)).warnings, []);
});

test("an error of syntax is refused where a function is sure to import it, and warned of elsewhere", async () => {
  write("tools/old.py", "print 'for Python 2'");
  write("maybe.py", "def (");
  const code = `try:\n  import maybe\nexcept Exception:\n  pass\n${handler}`;
  const { paths, warnings } = await bundled(code);
  assert.deepEqual(paths, ["main.py", "maybe.py", "tools/old.py"]);
  assert.match(
    warnings.join("\n"),
    /^maybe\.py is no Python 3\.11: .* \(maybe\.py:1\); it travels .*\ntools\/old\.py is no Python 3\.11: .*$/,
  );
  const refused = { code: "build-failed", message: /function main .*: Missing parentheses .* \(tools\/old\.py:1\)/ };
  await assert.rejects(bundled(`from tools import old\n${handler}`), refused);
});

test("code that is nested more deeply than Python's stack is looked at all the same, or left alone", async () => {
  const sum = (terms: number) => `x = ${Array.from({ length: terms }, () => "a").join(" + ")}\n`;
  const choices = `if y == 0:\n  pass\n${Array.from({ length: 1_200 }, (_, at) => `elif y == ${at}:\n  pass\n`).join("")}`;
  write("deep.py", `a = y = 1\n${sum(1_200)}${choices}import nowhere\n`);
  write("deeper.py", `a = 1\n${sum(5_000)}`);
  const { warnings } = await bundled(`import deep, deeper\n${handler}`);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^nowhere is imported here \(deep\.py:/);
});

test("modules that are called as Python's own do not take their place in a deploy", async () => {
  const names = ["ast", "enum", "json", "re", "tomllib", "types"];
  for (const name of names) write(`${name}.py`, "raise SystemExit(3)");
  write("pyproject.toml", "[project]\ndependencies = []\n");
  assert.deepEqual((await bundled(handler)).paths, [...names, "main"].map((name) => `${name}.py`).toSorted());
});

test("an entry travels, or is refused", async () => {
  write(".hidden/main.py", handler);
  write("env/conda-meta/history");
  write("env/lib/main.py", handler);
  const deploy = (entry: string, files: string[]) => {
    write("mayfly.json", JSON.stringify({ name: "app", runtime: "python", functions: { main: { entry } }, files }));
    return bundleApp(root);
  };
  for (const entry of [".hidden/main.py", "env/lib/main.py"]) {
    await assert.rejects(deploy(entry, []), {
      code: "bad-manifest",
      message: /functions\.main\.entry is ".*", which does not travel, .* in `files`/,
    });
    assert.equal((await deploy(entry, [entry])).files.count, 1);
  }
});

const handlers: [what: string, code: string, handler: string | undefined, refused: RegExp | undefined][] = [
  [
    "one that is missing",
    "def handle(): pass\n_x = 1",
    undefined,
    /main\.py has nothing called handler or app or application; it has handle: name/,
  ],
  ["one with another name", "import os\na, *b = 1, 2\nclass C: pass", "c", /has nothing called c; it has a, b, C: name/],
  ["one of an empty module", "", undefined, /it has no names of its own/],
  [
    "one with its file's name before it",
    "def run(e, c): pass",
    "main.run",
    /handler is "main\.run", and must be the name alone, "run": the file/,
  ],
  ["one that is imported", "from os.path import join as handler", undefined, undefined],
  ["one that is made later", "def f():\n  global handler\n  handler = f", undefined, undefined],
  ["one in a condition", "if True:\n  try:\n    handler = 1\n  finally:\n    pass", undefined, undefined],
  ["one that may be in what is imported whole", "from os.path import *", undefined, undefined],
  ["one that is made by its name", 'globals()["handler"] = 1', undefined, undefined],
  ["one that is made by its name among those of the module", 'locals()["handler"] = 1', undefined, undefined],
  ["one that a pattern binds", "match {}:\n  case {**handler}:\n    pass", undefined, undefined],
  ["one that a decorator binds", "@(handler := staticmethod)\ndef f(): pass", undefined, undefined],
  ["one that the module makes when it is asked", "def __getattr__(name): return 1", undefined, undefined],
  ["an app", "app = 1", undefined, undefined],
  ["a method of an object", "main = 1", "main.run", undefined],
];
for (const [what, code, name, refused] of handlers) {
  test(`a handler: ${what} is ${refused === undefined ? "taken" : "refused"}`, async () => {
    write("main.py", code);
    const main = { entry: "./main.py", ...(name !== undefined && { handler: name }) };
    write("mayfly.json", JSON.stringify({ name: "app", runtime: "python", functions: { main } }));
    if (refused === undefined) await bundleApp(root);
    else await assert.rejects(bundleApp(root), { code: "build-failed", message: refused });
  });
}

test("what the packages import that an entry is in counts as its own", async () => {
  write("jobs/__init__.py", "import nowhere");
  write("jobs/report.py", handler);
  write("mayfly.json", JSON.stringify({ name: "app", runtime: "python", functions: { main: { entry: "jobs/report.py" } } }));
  assert.match((await bundleApp(root)).warnings.join("\n"), /^nowhere is imported here \(jobs\/__init__\.py:1\)/);
});
