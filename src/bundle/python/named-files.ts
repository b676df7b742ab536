/**
 * Warns of files that an app's Python code names by literals, and that are in the app's folder but not in the machine. Only the deploy's own Python can tell
 * literals from comments, so it finds them; whether there is such a file is looked up here.
 */
import { dirname, join, relative } from "node:path";
import { isWithin } from "../files/matched.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { GuestPython } from "./guest-python.ts";

/** At most this many places are reported. */
const SHOWN = 10;

/**
 * Prints, as JSON, a list of [index of the file, line, text] for each text that may be a path: one with a slash or an extension; the arguments of a call of
 * "join", or the operands of "/", together; a plain word only where a file is opened by it, or a folder is named for a framework. Docstrings are texts that stand alone.
 * What begins with a slash is a path on a site, such as "/docs", unless it is the end of a longer text and has an extension.
 */
const program = `
import ast, json, os, re, sys

LIKE_PATH = re.compile(r"^[^\\s:*?<>|]{1,200}$")
FILE = re.compile(r"/|[\\w-]\\.\\w{1,8}$")
WITH_EXTENSION = re.compile(r"[\\w-]\\.\\w{1,8}$")
OPENS = {"open", "Path", "PurePath", "read_csv", "read_json", "listdir", "scandir", "walk", "FileSystemLoader", "StaticFiles"}
KEYWORDS = {"directory", "template_folder", "static_folder", "searchpath"}
# Templates are named within a folder of this name.
RENDERS = {"render_template", "TemplateResponse", "get_template", "render", "render_to_string"}

def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

def name_of(function):
    return getattr(function, "attr", None) or getattr(function, "id", None)

def operands(node):
    parts = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]

def together(nodes, seen):
    """The texts at the end of the list, as one path."""
    texts = []
    for node in reversed(nodes):
        text = text_of(node)
        if text is None:
            break
        seen.add(node)
        texts.insert(0, text)
    return "/".join(texts)

def search(tree):
    seen, ends = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and text_of(node.value) is not None:
            seen.add(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and node not in seen:
            parts = operands(node)
            for each in ast.walk(node):
                if isinstance(each, ast.BinOp):
                    seen.add(each)
            if len(parts) > 1 and text_of(parts[0]) is None:
                yield node.lineno, together(parts[1:], seen)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            ends.add(node.right)
        elif isinstance(node, ast.JoinedStr):
            ends.update(node.values[1:])
        elif isinstance(node, ast.Call):
            name = name_of(node.func)
            if name in ("join", "joinpath") and node.args:
                yield node.lineno, together(node.args, seen)
            elif name in OPENS and node.args and text_of(node.args[0]) is not None:
                seen.add(node.args[0])
                yield node.lineno, text_of(node.args[0])
            elif name in RENDERS:
                for text in filter(None, map(text_of, node.args)):
                    yield node.lineno, "templates/" + text
            elif name == "Flask" and node.args:
                # Flask looks into these by itself.
                given = {each.arg for each in node.keywords}
                for keyword, folder in (("template_folder", "templates"), ("static_folder", "static")):
                    if keyword not in given:
                        yield node.lineno, folder
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS and text_of(keyword.value) is not None:
                    seen.add(keyword.value)
                    yield node.lineno, text_of(keyword.value)
        elif node not in seen and text_of(node) is not None:
            text = node.value
            if not text.startswith("/") and FILE.search(text):
                yield node.lineno, text
            elif text.startswith("/") and node in ends and WITH_EXTENSION.search(text):
                yield node.lineno, text[1:]

def is_there(text, folder):
    """In the app's folder, or beside the module. Most texts name nothing, and code may have a million."""
    return os.path.exists(text) or os.path.exists(os.path.join(folder, text))

found = []
for index, place in enumerate(json.load(sys.stdin)):
    try:
        with open(place, "rb") as file:
            tree = ast.parse(file.read())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        continue
    for line, text in search(tree):
        if text and LIKE_PATH.match(text) and not text.startswith("/") and is_there(text, os.path.dirname(place)):
            found.append([index, line, text])
json.dump(found, sys.stdout)
`;

/** @param root the app's folder @param modules the app's code that its functions may load @param travelling all that is in the machine */
export async function unshippedFiles(
  python: GuestPython,
  root: string,
  modules: TravellingFile[],
  travelling: TravellingFile[],
): Promise<string[]> {
  const input = JSON.stringify(modules.map(({ from }) => from));
  const { code, stdout, stderr } = await python.look(program, [], { cwd: root, input });
  if (code !== 0) throw new Error(`the search for files that the code names failed: ${stderr}`);
  const shipped = new Set(travelling.map(({ path }) => join(root, path)));
  const warnings = new Map<string, string>();
  for (const [index, line, text] of JSON.parse(stdout) as [number, number, string][]) {
    const { path } = modules[index]!;
    const places = [root, dirname(join(root, path))].map((folder) => join(folder, text));
    // The code finds it where it is in the machine, and does not miss it elsewhere.
    const named = places.some((place) => isShipped(place, shipped)) ? undefined : places.find((place) => isInFolder(place, root));
    if (named !== undefined && !warnings.has(named)) warnings.set(named, sentence(relative(root, named), named, `${path}:${line}`));
  }
  // What is said of a folder holds for what is in it.
  const folders = [...warnings.keys()];
  const all = [...warnings].flatMap(([place, warning]) =>
    folders.some((each) => each !== place && isWithin(place, each)) ? [] : [warning],
  );
  const more = all.length > SHOWN ? [`${all.length - SHOWN} more files that the code names are not in the machine`] : [];
  return [...all.slice(0, SHOWN), ...more];
}

function isInFolder(place: string, root: string): boolean {
  const bare = place.replace(/\/$/, "");
  return bare !== root && isWithin(bare, root) && statOf(bare) !== undefined;
}

/** Whether it, or something of it, is in the machine. */
function isShipped(place: string, shipped: Set<string>): boolean {
  const bare = place.replace(/\/$/, "");
  return shipped.has(bare) || shipped.values().some((each) => isWithin(each, bare));
}

function sentence(what: string, place: string, at: string): string {
  const glob = statOf(place)?.isDirectory() === true ? join(what, "**") : what;
  return `${what} is named here (${at}), but it is not in the machine: name it in \`files\` of mayfly.json, as "${glob}"`;
}
