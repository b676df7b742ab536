/**
 * Paths that code derives from its own location (`__dirname`, `import.meta.url` …): which expressions are such paths and, if only literals
 * are added, which file they name.
 */
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Node, type SourceFile, argumentsOf, calleeOf, isFunction, nameOf, propertyOf, textOf, walk } from "./parse.ts";

/** The expression that gives the task root in a machine: only the machine knows it. The name is global, so that no declaration hides it. */
export const TASK_ROOT_EXPRESSION = "globalThis.process.env.LAMBDA_TASK_ROOT";

/** Where a file of the app or of a package would be below the task root: laid out as in the folder. Empty for the folder itself. */
function placeInMachine(root: string, path: string): string {
  const inside = relative(root, path);
  const hoisted = inside.startsWith("../") ? inside.indexOf("node_modules/") : -1;
  return hoisted === -1 ? inside.replace(/^(\.\.(\/|$))+/, "") : inside.slice(hoisted);
}

/** An expression of the path that a file has in the machine. */
export function pathInMachine(root: string, path: string): string {
  const inside = placeInMachine(root, path);
  return inside === "" ? TASK_ROOT_EXPRESSION : `(${TASK_ROOT_EXPRESSION}+${JSON.stringify(`/${inside}`)})`;
}

/** An expression of the URL that a file has in the machine. */
export function urlInMachine(root: string, path: string): string {
  const { pathname } = pathToFileURL(`/${placeInMachine(root, path)}`);
  return `("file://"+encodeURI(${TASK_ROOT_EXPRESSION})+${JSON.stringify(pathname)})`;
}

/** The value that `import.meta.url` and similar expressions have in the file at `path`; undefined for other nodes. */
export function ownPlace(node: Node, path: string): string | undefined {
  if (node.type === "Identifier") return node["name"] === "__dirname" ? dirname(path) : node["name"] === "__filename" ? path : undefined;
  if (!isImportMeta(node["object"])) return undefined;
  const property = propertyOf(node);
  if (property === "url") return pathToFileURL(path).href;
  return property === "dirname" ? dirname(path) : property === "filename" ? path : undefined;
}

function isImportMeta(node: unknown): boolean {
  return (node as Node | undefined)?.type === "MetaProperty" && nameOf((node as Node)["meta"]) === "import";
}

export class Places {
  readonly #path: string;
  readonly #cwd: string | undefined;
  /** The values of names that are assigned exactly once. */
  readonly #values = new Map<string, Node>();
  /** Names, and `.properties`, whose values are made from such a path. */
  readonly #names = new Set<string>();

  /** @param cwd if given, the working directory counts as such a place as well */
  constructor({ path, program }: SourceFile, cwd?: string) {
    this.#path = path;
    this.#cwd = cwd;
    const given = bindingsIn(program);
    const counts = Map.groupBy(given, ([name]) => name);
    for (const [name, [first, ...more]] of counts) if (first && more.length === 0) this.#values.set(name, first[1]);
    // Repeats until nothing changes, because a name may be made from another one that is bound further down.
    for (let before = -1; before !== this.#names.size;) {
      before = this.#names.size;
      for (const [name, value] of given) if (this.isMadeOfPlace(value)) this.#names.add(name);
    }
  }

  /** Whether the expression contains such a path, other than inside functions. */
  isMadeOfPlace(node: Node): boolean {
    if (this.#isPlace(node)) return true;
    let found = false;
    walk(node, (each, above) => {
      if (found || above.some((outer) => outer !== node && isFunction(outer)) || (isFunction(node) && above.length > 0)) return;
      const isName = each.type === "Identifier" && !isMemberName(each, above.at(-1));
      found = (isName || each.type !== "Identifier") && this.#isPlace(each);
    });
    return found;
  }

  #isPlace(node: Node): boolean {
    if (ownPlace(node, this.#path) !== undefined) return true;
    if (node.type === "Identifier") return this.#names.has(node["name"] as string);
    if (node.type === "MemberExpression") return this.#names.has(`.${propertyOf(node)}`);
    if (node.type !== "CallExpression") return false;
    const called = calleeOf(node);
    if (propertyOf(called) === "cwd" && nameOf(called["object"]) === "process") return this.#cwd !== undefined;
    return propertyOf(called) === "resolve" && nameOf(called["object"]) === "require" && textOf(argumentsOf(node)[0]) !== undefined;
  }

  /** The absolute path that an expression of literals evaluates to; undefined if it contains anything else. URLs are returned as paths. */
  pathOf(node: Node): string | undefined {
    const value = this.#fold(node, 0);
    return value?.startsWith("file://") ? pathOfUrl(value) : value;
  }

  #fold(node: Node | undefined, depth: number): string | undefined {
    if (!node || depth > 20) return undefined;
    const own = ownPlace(node, this.#path) ?? textOf(node);
    if (own !== undefined) return own;
    const inner = (each: Node | undefined) => this.#fold(each, depth + 1);
    switch (node.type) {
      case "Identifier":
        return inner(this.#values.get(node["name"] as string));
      case "BinaryExpression":
        return node["operator"] === "+" ? concatenated([inner(node["left"] as Node), inner(node["right"] as Node)]) : undefined;
      case "TemplateLiteral":
        return this.#foldTemplate(node, inner);
      case "NewExpression":
        return nameOf(calleeOf(node)) === "URL" ? inUrl(argumentsOf(node).map(inner)) : undefined;
      case "CallExpression":
        return this.#foldCall(node, inner);
      case "MemberExpression":
        return ["pathname", "href"].includes(propertyOf(node) ?? "") ? inner(node["object"] as Node) : undefined;
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSNonNullExpression":
        return inner(node["expression"] as Node);
      default:
        return undefined;
    }
  }

  #foldTemplate(node: Node, inner: (each: Node) => string | undefined): string | undefined {
    const parts = (node["quasis"] as Node[]).map((quasi) => (quasi["value"] as { cooked: string }).cooked);
    const values = (node["expressions"] as Node[]).map(inner);
    return concatenated(parts.flatMap((part, at) => (at < values.length ? [part, values[at]] : [part])));
  }

  #foldCall(node: Node, inner: (each: Node) => string | undefined): string | undefined {
    const called = calleeOf(node);
    const method = propertyOf(called) ?? nameOf(called) ?? "";
    if (method === "cwd" && nameOf(called["object"]) === "process") return this.#cwd;
    const values = argumentsOf(node).map(inner);
    if (!values.every((value) => value !== undefined)) return undefined;
    if (method === "toString") return inner(called["object"] as Node);
    return functions.get(method)?.(values);
  }
}

/** Functions of node:path and node:url, by the names under which they are usually imported. */
const functions = new Map<string, (values: string[]) => string | undefined>([
  ["join", (values) => (values.length > 0 ? join(...values) : undefined)],
  ["resolve", (values) => (values[0]?.startsWith("/") ? resolve(...values) : undefined)],
  ["dirname", ([value = ""]) => dirname(value)],
  ["normalize", ([value = ""]) => join(value)],
  ["fileURLToPath", ([value = ""]) => (value.startsWith("file://") ? pathOfUrl(value) : undefined)],
  ["pathToFileURL", ([value = ""]) => (value.startsWith("/") ? pathToFileURL(value).href : undefined)],
]);

function concatenated(parts: (string | undefined)[]): string | undefined {
  return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}

/** Undefined where Node would throw: for a file of another host, and for a slash that is encoded. */
function pathOfUrl(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function inUrl([path, base]: (string | undefined)[]): string | undefined {
  return path !== undefined && (base ?? path).startsWith("file://") ? URL.parse(path, base)?.href : undefined;
}

function isMemberName(node: Node, parent: Node | undefined): boolean {
  return parent?.type === "MemberExpression" && parent["computed"] === false && parent["property"] === node;
}

/** Every name that is bound to a value, by declaration, assignment or for … of. */
function bindingsIn(program: Node): [name: string, value: Node][] {
  const found: [string, Node][] = [];
  const add = (target: unknown, value: unknown) => {
    const property = propertyOf(target);
    const name = nameOf(target) ?? (property === undefined ? undefined : `.${property}`);
    if (name !== undefined && value) found.push([name, value as Node]);
  };
  // Names bound in any other way are entered twice, which marks their value as unknown.
  const addUnknown = (pattern: unknown) => {
    if (pattern)
      walk(pattern as Node, (each) => {
        if (each.type === "Identifier") found.push([each["name"] as string, each], [each["name"] as string, each]);
      });
  };
  walk(program, (node) => {
    if (isFunction(node)) for (const param of node["params"] as Node[]) addUnknown(param);
    if (node.type === "CatchClause") addUnknown(node["param"]);
    if (node.type === "VariableDeclarator" && nameOf(node["id"]) === undefined) addUnknown(node["id"]);
    if (node.type === "VariableDeclarator") add(node["id"], node["init"]);
    if (node.type === "AssignmentExpression") add(node["left"], node["right"]);
    if (node.type === "ForOfStatement")
      add(((node["left"] as Node)["declarations"] as Node[] | undefined)?.[0]?.["id"] ?? node["left"], node["right"]);
  });
  return found;
}
