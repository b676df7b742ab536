/**
 * Looks for names that an app's Python code uses and that will not be there: modules that it imports and that no package brings, and handlers. What is not
 * certain before the code runs is left alone.
 */
import { posix } from "node:path";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { GuestPython } from "./guest-python.ts";

/** At most this many modules are reported. */
const SHOWN = 10;

interface Report {
  /** [index of the file, line, module] of the first import of each module that is nowhere. */
  imports: [number, number, string][];
  /** For each entry, the names that it has, and whether it defines each itself; null where only running it would tell. */
  names: (Names | null)[];
}

type Names = Record<string, boolean>;

/**
 * Only modules that the entries reach are looked at. An import counts wherever it stands, except where the code goes on without it: in a `try`, or for types
 * alone. A module that the app has anywhere counts as there, because code may extend sys.path.
 */
const program = `
import ast, json, sys

given = json.load(sys.stdin)
files, there = given["files"], set(given["there"]) | set(sys.stdlib_module_names) | {"mayfly", "snapshot_restore_py"}
by_name = {}
for index, (path, place) in enumerate(files):
    parts = path[:-3].split("/")
    by_name[tuple(parts[:-1] if parts[-1] == "__init__" else parts)] = index

trees = {}
def tree_of(index):
    if index not in trees:
        with open(files[index][1], "rb") as file:
            trees[index] = ast.parse(file.read())
    return trees[index]

def is_for_types(test):
    return getattr(test, "attr", getattr(test, "id", None)) == "TYPE_CHECKING"

def imports_in(nodes):
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.Try):
            # What is tried may be missing, and what stands in for it may be, too.
            yield from imports_in([*node.orelse, *node.finalbody])
        elif isinstance(node, ast.If) and is_for_types(node.test):
            yield from imports_in(node.orelse)
        else:
            yield from imports_in(ast.iter_child_nodes(node))

def imported(node, index):
    """The modules that the statement may load, as tuples, absolute; the first one decides whether it is there."""
    if isinstance(node, ast.Import):
        return [tuple(one.name.split(".")) for one in node.names]
    base = tuple((node.module or "").split(".")) if node.module else ()
    if node.level > 0:
        here = files[index][0].split("/")[:-1]
        base = (*here[: len(here) - node.level + 1], *base)
    return [base, *((*base, one.name) for one in node.names)]

def lacking(waiting):
    known, found = set(waiting), {}
    while waiting:
        index = waiting.pop()
        for node in imports_in(tree_of(index).body):
            is_own = isinstance(node, ast.ImportFrom) and node.level > 0
            for name in imported(node, index):
                for length in range(1, len(name) + 1):
                    other = by_name.get(name[:length])
                    if other is not None and other not in known:
                        known.add(other)
                        waiting.append(other)
                if not is_own and name and name[0] not in there:
                    found.setdefault(name[0], [index, node.lineno, name[0]])
    return sorted(found.values())

BINDS_ANY = {"exec", "eval", "globals", "vars", "setattr", "import_module", "__import__"}
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

def names_of(tree):
    names, inner = {}, [*tree.body]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in BINDS_ANY:
            return None
        if isinstance(node, ast.Global):
            names.update(dict.fromkeys(node.names, True))
        if isinstance(node, ast.Attribute) and node.attr in ("__dict__", "modules"):
            return None
    while inner:
        node = inner.pop(0)
        if isinstance(node, DEFINES):
            names[node.name] = True
            continue
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return None
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(dict.fromkeys(((one.asname or one.name).split(".")[0] for one in node.names), False))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = True
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names[node.name] = True
        inner[:0] = ast.iter_child_nodes(node)
    return None if "__getattr__" in names else names

entries = given["entries"]
json.dump({"imports": lacking([*entries]), "names": [names_of(tree_of(each)) for each in entries]}, sys.stdout)
`;

export interface Entry {
  /** Of the function. */
  name: string;
  entry: string;
  handler: string;
}

export interface WrongNames {
  warnings: string[];
  /** The first function whose handler is certainly not there, and a clause that says so. */
  lacking: { function: string; what: string } | undefined;
}

/** @param modules the app's code, without errors of syntax @param travelling all that is in the machine */
export async function wrongNames(
  python: GuestPython,
  root: string,
  entries: Entry[],
  modules: TravellingFile[],
  travelling: TravellingFile[],
): Promise<WrongNames> {
  const files = modules.map(({ path, from }) => [path, from]);
  const indexes = entries.map(({ entry }) => modules.findIndex(({ path }) => path === posix.normalize(entry)));
  const looked = entries.filter((_, at) => indexes[at] !== -1);
  const input = JSON.stringify({ files, there: namesThere(travelling), entries: indexes.filter((at) => at !== -1) });
  const { code, stdout, stderr } = await python.run(["-W", "ignore", "-c", program], { cwd: root, input });
  if (code !== 0) throw new Error(`the search for names that the code lacks failed: ${stderr}`);
  const { imports, names } = JSON.parse(stdout) as Report;
  const warnings = imports.map(([index, line, module]) => unknownModule(module, `${modules[index]!.path}:${line}`));
  const more = warnings.length > SHOWN ? [`${warnings.length - SHOWN} more modules that the code imports are not in the machine`] : [];
  const wrong = looked.flatMap((each, at) => lackingHandler(each, names[at]!) ?? [])[0];
  return { warnings: [...warnings.slice(0, SHOWN), ...more], lacking: wrong };
}

/** The first part of what packages bring, and all parts of the app's own paths. */
function namesThere(travelling: TravellingFile[]): string[] {
  const names = travelling.flatMap(({ path }) => {
    const parts = path.split("/");
    return parts[0] === "site-packages" ? parts.slice(1, 2) : parts;
  });
  // A module may be a folder, a file, or compiled code with the platform in its name.
  return [...new Set(names.map((name) => name.split(".", 1)[0]!))];
}

function unknownModule(module: string, at: string): string {
  return `${module} is imported here (${at}), and is neither Python's own nor in the app's folder nor in a package that the app requires: name the package that brings it in requirements.txt`;
}

/** The agent takes these, too, where no handler is named. */
const usualNames = ["handler", "app", "application"];

function lackingHandler({ name, entry, handler }: Entry, names: Names | null): { function: string; what: string } | undefined {
  const wanted = handler === "handler" ? usualNames : [handler];
  if (names === null || wanted.some((each) => Object.hasOwn(names, each.split(".", 1)[0]!))) return undefined;
  const own = Object.keys(names).filter((each) => names[each] === true && !each.startsWith("_"));
  const [file, rest] = [posix.basename(entry, ".py"), handler.slice(handler.indexOf(".") + 1)];
  if (handler === `${file}.${rest}` && Object.hasOwn(names, rest))
    return {
      function: name,
      what: `its handler is ${JSON.stringify(handler)}, and must be the name alone, ${JSON.stringify(rest)}: the file is named by entry`,
    };
  const has = own.length === 0 ? "no names of its own" : own.slice(0, SHOWN).join(", ");
  return { function: name, what: `${entry} has nothing called ${wanted.join(" or ")}; it has ${has}: name one of them as "handler"` };
}
