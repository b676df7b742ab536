/** Finds places where the app's own code builds paths of files in its folder, which are not in the machine. */
import { dirname, join } from "node:path";
import { statOf } from "../files/stat-of.ts";
import { type Node, type SourceFile, argumentsOf, calleeOf, nameOf, propertyOf, textOf, walk } from "./parse.ts";
import { type Read, pathArgument } from "./package-reads.ts";
import { Places } from "./places.ts";

/** @param root the app's folder, which is also the working directory in plain Node */
export function ownReads(file: SourceFile, root: string): Read[] {
  const search = new Search(file, root);
  walk(file.program, (node, above) => search.visit(node, above));
  return search.found;
}

class Search {
  readonly found: Read[] = [];
  readonly #places: Places;
  readonly #root: string;
  /** The file's own folder; packages of a workspace lie outside the app's folder. */
  readonly #folder: string;
  /** Expressions already handled as part of a larger one. */
  readonly #judged = new Set<Node>();

  constructor(file: SourceFile, root: string) {
    this.#root = root;
    this.#folder = dirname(file.path);
    this.#places = new Places(file, root);
  }

  visit(node: Node, above: readonly Node[]): void {
    if (this.#judged.has(node) || isOfModule(above.at(-1), node)) return;
    const asked = pathArgument(node);
    if (asked !== undefined && this.#isUnknownPlace(asked)) this.#note(node, undefined, asked);
    else if (isJoined(node) && this.#places.isMadeOfPlace(node)) this.#made(node);
    else this.#literal(node, above);
  }

  /** Handles a path computed from `__dirname`. A path that only leads upwards is still being extended. */
  #made(node: Node): void {
    const path = this.#places.pathOf(node);
    walk(node, (each) => this.#judged.add(each));
    if (path === undefined) return namesNothing(node) ? undefined : this.#note(node, undefined);
    const isOnTheWay = isWithin(this.#root, path.replace(/\/$/, "")) || namesNothing(node);
    if (!isOnTheWay && this.#exists(path)) this.#note(node, path);
  }

  #isUnknownPlace(node: Node): boolean {
    return this.#places.isMadeOfPlace(node) && this.#places.pathOf(node) === undefined;
  }

  /**
   * Handles a literal such as "./views/home.ejs", which is resolved in the working directory. A plain word counts only if the context
   * expects such a path.
   */
  #literal(node: Node, above: readonly Node[]): void {
    const parent = above.at(-1);
    const text = textOf(node) ?? (node.type === "TemplateLiteral" ? `${firstPart(node)}*` : undefined);
    if (text === undefined || text.length > 200 || /^[/~]|^[\w-]+:|[\s\0]/.test(text) || !isArgument(node, parent)) return;
    const looksLikePath = /^\.{1,2}\/|\w\.\w{2,5}$|\w\/./.test(text);
    const path = join(this.#root, withoutPattern(text));
    if ((looksLikePath || this.#isExpected(node, parent)) && path !== this.#root && this.#exists(path)) this.#note(node, path);
  }

  #isExpected(node: Node, parent: Node | undefined): boolean {
    if (parent?.type === "Property") return folders.has(nameOf(parent["key"]) ?? "");
    if (parent?.type !== "CallExpression" || !argumentsOf(parent).includes(node)) return false;
    if (pathArgument(parent) === node) return true;
    const name = nameOf(calleeOf(parent)) ?? propertyOf(calleeOf(parent)) ?? "";
    const [first] = argumentsOf(parent);
    return name === "static" || name === "serveStatic" || (name === "set" && textOf(first) === "views" && first !== node);
  }

  #exists(path: string): boolean {
    const isOurs = isWithin(path, this.#root) || isWithin(path, this.#folder);
    return isOurs && !path.includes("/node_modules/.bin") && statOf(path) !== undefined;
  }

  #note(node: Node, path: string | undefined, whole = node): void {
    walk(whole, (each) => this.#judged.add(each));
    this.found.push({ position: node.start, path });
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Names of options that take a folder of files. */
const folders = new Set(["root", "views", "templates", "dir", "directory", "loadPath", "localesDir", "assets"]);

/** The operand of an import or a require is in the bundle. */
function isOfModule(parent: Node | undefined, node: Node): boolean {
  if (parent === undefined) return false;
  if (parent["source"] === node) return true;
  if (parent.type !== "CallExpression") return false;
  const called = calleeOf(parent);
  return (
    nameOf(called) === "require" ||
    nameOf(called) === "createRequire" ||
    (propertyOf(called) === "resolve" && nameOf(called["object"]) === "require")
  );
}

function isJoined(node: Node): boolean {
  if (node.type === "NewExpression") return nameOf(calleeOf(node)) === "URL" && argumentsOf(node).length === 2;
  if (node.type === "TemplateLiteral" || (node.type === "BinaryExpression" && node["operator"] === "+")) return true;
  const name = node.type === "CallExpression" ? (propertyOf(calleeOf(node)) ?? nameOf(calleeOf(node))) : undefined;
  return (name === "join" || name === "resolve") && argumentsOf(node).length > 0;
}

/** Whether the path consists of dots only, that is, names a folder above. */
function namesNothing(node: Node): boolean {
  let names = false;
  walk(node, (each) => {
    const text = textOf(each);
    names ||= text !== undefined && !/^[./]*$/.test(text);
  });
  return !names && node.type !== "TemplateLiteral";
}

function isArgument(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === "Property") return parent["value"] === node;
  return (parent?.type === "CallExpression" || parent?.type === "NewExpression") && argumentsOf(parent).includes(node);
}

function firstPart(node: Node): string {
  return ((node["quasis"] as Node[])[0]?.["value"] as { cooked: string } | undefined)?.cooked ?? "";
}

/** The fixed part of paths such as "locales/{{lng}}.json": the folder before the first placeholder. */
function withoutPattern(text: string): string {
  const at = text.search(/[{*?]/);
  return at === -1 ? text : text.slice(0, text.lastIndexOf("/", at) + 1);
}
