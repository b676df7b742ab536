/**
 * Looks at an app's Python code, without running any of it: whether it compiles, what it imports, and which names its entries have. Only the machines' own
 * Python can say that. What is certain only when the code runs is left open.
 */
import { posix } from "node:path";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { GuestPython } from "./guest-python.ts";

/** The names that a module has, and whether it defines each itself, rather than importing it. */
export type Names = Record<string, boolean>;

/** Files are given by their index. */
export interface CodeReport {
  /** [file, what is wrong, line] of each file that cannot be compiled. */
  faults: [number, string, number | null][];
  /** The files that are loaded whenever the entries are, and whatever they come upon. Imports inside of functions count. */
  reached: number[];
  /** Those, and what may be loaded: imported in a `try` or under a condition, or named by a text, as Django's settings are. */
  mentioned: number[];
  /** [file, line, module] of the first import in the files that are reached of each module, by the first part of its name, that is not Python's own. */
  imports: [number, number, string][];
  /** Whether some file may make modules importable that lie elsewhere than in the app's folder. */
  extendsPath: boolean;
  /** For each entry, the names that it has; null where only running it would tell. */
  names: (Names | null)[];
}

/**
 * Statements are walked without recursion, because chains of `elif` may be deeper than Python's stack. A file of which Python cannot make a tree for such a
 * reason is left alone: whether the machine can load it depends on what the app sets.
 */
const program = `
import ast, json, re, sys

given = json.load(sys.stdin)
files = given["files"]
PYTHONS = sys.stdlib_module_names | {"__main__", "mayfly", "snapshot_restore_py"}
EXTENDS = re.compile(rb"sys\\.path|sys\\.modules|sys\\.meta_path|from\\s+sys\\s+import|addsitedir|__path__")

modules, by_name = [], {}
for index, (path, place) in enumerate(files):
    *parents, last = path[:-3].split("/")
    modules.append(tuple(parents) if last == "__init__" else (*parents, last))
    if last == "__init__":
        # A package is found before a module of its name.
        by_name[modules[index]] = index
    else:
        by_name.setdefault(modules[index], index)

# The first parts of their names, and how many parts they have at most.
TOPS = {name[0] for name in by_name if name}
DEEPEST = max(map(len, by_name), default=0)

def source_of(index):
    with open(files[index][1], "rb") as file:
        return file.read()

def tree_of(index):
    try:
        return ast.parse(source_of(index))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None

def fault_of(index):
    try:
        compile(source_of(index), files[index][0], "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return [index, getattr(error, "msg", None) or str(error), getattr(error, "lineno", None)]
    except (MemoryError, RecursionError):
        pass

def called(node):
    """The last part of the name that is called, or used."""
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "attr", getattr(node, "id", None))

BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)

def parts_of(node):
    """The statements within it, each with whether it runs whenever the whole does."""
    parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, BLOCKS)]
    if isinstance(node, (ast.Try, ast.TryStar)):
        # What is tried may be missing, and what stands in for it may be, too.
        sure = node.finalbody
    elif isinstance(node, ast.If):
        sure = node.orelse if called(node.test) == "TYPE_CHECKING" else []
    elif isinstance(node, ast.Match):
        sure = []
    elif isinstance(node, (ast.With, ast.AsyncWith)) and any(called(item.context_expr) == "suppress" for item in node.items):
        sure = []
    else:
        return [(each, True) for each in parts]
    sure = set(map(id, sure))
    return [(each, id(each) in sure) for each in parts]

def imports_in(tree):
    """Each import, with whether the code cannot do without it."""
    waiting = [(tree, True)]
    while waiting:
        node, is_needed = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, is_needed
        else:
            waiting.extend((each, is_needed and is_sure) for each, is_sure in reversed(parts_of(node)))

def imported(node, index):
    """The modules that the statement may load, as tuples, absolute; the first one decides whether it is there."""
    if isinstance(node, ast.Import):
        return [tuple(one.name.split(".")) for one in node.names]
    base = tuple((node.module or "").split(".")) if node.module else ()
    if node.level > 0:
        here = files[index][0].split("/")[:-1]
        base = (*here[: len(here) - node.level + 1], *base)
    return [base, *((*base, one.name) for one in node.names)]

def own(name):
    """The app's files that importing the module loads."""
    return [by_name[name[:length]] for length in range(1, min(len(name), DEEPEST) + 1) if name[:length] in by_name]

def named_in(tree):
    """The names of modules that stand in the code as texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(".", 1)[0] in TOPS:
            yield tuple(node.value.split("."))

def follow(entries):
    """Each file that may be loaded, with whether it is reached; and the first import of each module that is not Python's."""
    seen, first = {}, {}
    # The packages that an entry is in are loaded before it.
    waiting = [(each, True) for index in reversed(entries) for each in (index, *own(modules[index][:-1]))]
    while waiting:
        index, is_reached = waiting.pop()
        if index in seen and (seen[index] or not is_reached):
            continue
        seen[index] = is_reached
        tree = tree_of(index)
        if tree is None:
            continue
        for node, is_needed in imports_in(tree):
            is_sure = is_reached and is_needed
            is_relative = isinstance(node, ast.ImportFrom) and node.level > 0
            for name in imported(node, index):
                waiting.extend((each, is_sure) for each in own(name))
                if is_sure and not is_relative and name and name[0] not in PYTHONS:
                    first.setdefault(name[0], [index, node.lineno, name[0]])
        waiting.extend((each, False) for name in named_in(tree) for each in own(name))
    return seen, sorted(first.values())

BINDS_ANY = {"exec", "eval", "globals", "locals", "vars", "setattr", "import_module", "__import__", "__dict__", "modules", "f_globals"}
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

def names_of(tree):
    if tree is None:
        return None
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and called(node) in BINDS_ANY:
            return None
        if isinstance(node, ast.Global):
            names.update(dict.fromkeys(node.names, True))
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFINES):
            names[node.name] = True
            # Its own names are not the module's, but those of a := in its decorators and defaults are.
            within = [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]
        else:
            within = [*ast.iter_child_nodes(node)]
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return None
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(dict.fromkeys(((one.asname or one.name).split(".")[0] for one in node.names), False))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = True
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names[node.name] = True
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names[node.rest] = True
        waiting.extend(reversed(within))
    return None if "__getattr__" in names else names

entries = given["entries"]
faults = [fault for fault in map(fault_of, range(len(files))) if fault is not None]
seen, imports = follow(entries)
report = {
    "faults": faults,
    "reached": sorted(index for index in seen if seen[index]),
    "mentioned": sorted(seen),
    "imports": imports,
    "extendsPath": any(EXTENDS.search(source_of(index)) for index in range(len(files))),
    "names": [names_of(tree_of(each)) for each in entries],
}
json.dump(report, sys.stdout)
`;

/**
 * @param root the app's folder
 * @param files the app's code
 * @param entries those of the functions, each among the files
 */
export async function readCode(python: GuestPython, root: string, files: TravellingFile[], entries: string[]): Promise<CodeReport> {
  const indexes = entries.map((entry) => files.findIndex(({ path }) => path === posix.normalize(entry)));
  const input = JSON.stringify({ files: files.map(({ path, from }) => [path, from]), entries: indexes });
  const { code, stdout, stderr } = await python.look(program, [], { cwd: root, input });
  if (code !== 0) throw new Error(`the app's Python code could not be looked at: ${stderr}`);
  return JSON.parse(stdout) as CodeReport;
}
