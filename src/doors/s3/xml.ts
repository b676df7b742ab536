/** S3's documents: read by saxes, with nothing of a document type; written here, since they are of elements alone. */
import { SaxesParser } from "saxes";
import { S3Error } from "./s3-error.ts";

/** An element's content: text, elements by their names, or several of one name. Undefined elements are left out. */
export type Xml = string | number | boolean | undefined | { readonly [name: string]: Xml | readonly Xml[] };

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A whole document. @param namespace Left out of errors */
export function documentOf(name: string, content: Xml, namespace: string | null = NAMESPACE): string {
  const space = namespace === null ? "" : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${space}>${inner(content)}</${name}>`;
}

function inner(content: Xml): string {
  if (content === undefined) return "";
  if (typeof content !== "object") return escaped(String(content));
  let text = "";
  for (const [name, value] of Object.entries(content))
    for (const each of Array.isArray(value) ? (value as Xml[]) : [value as Xml]) if (each !== undefined) text += elementOf(name, each);
  return text;
}

function elementOf(name: string, content: Xml): string {
  // A name may have attributes after it.
  return `<${name}>${inner(content)}</${name.split(" ", 1)[0]}>`;
}

const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex -- keys may have them
  return text.replaceAll(/[&<>"\u0000-\u001f\ufffe\uffff]/g, (sign) => signs[sign] ?? `&#x${sign.charCodeAt(0).toString(16)};`);
}

/** An element of a document that a client sent. Names are without their prefixes: clients choose those freely. */
export class Element {
  readonly name: string;
  /** Its attribute xsi:type, which names the kinds of grantees; no other attribute means anything in S3's documents. */
  readonly type: string | undefined;
  readonly #children: Element[] = [];
  #text = "";

  constructor(name: string, type?: string) {
    this.name = name;
    this.type = type;
  }

  add(child: Element): void {
    this.#children.push(child);
  }

  addText(text: string): void {
    this.#text += text;
  }

  /** Undefined if there is none. */
  one(name: string): Element | undefined {
    return this.#children.find((child) => child.name === name);
  }

  all(name: string): Element[] {
    return this.#children.filter((child) => child.name === name);
  }

  has(name: string): boolean {
    return this.one(name) !== undefined;
  }

  /** Of the element of that name; undefined if there is none. */
  text(name: string): string | undefined {
    return this.one(name)?.value;
  }

  /** Throws "MalformedXML" if there is none. */
  needed(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw new S3Error("MalformedXML");
    return text;
  }

  /** Throws "MalformedXML" if it is no whole number. */
  number(name: string): number | undefined {
    const text = this.text(name)?.trim();
    if (text === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(text)) throw new S3Error("MalformedXML");
    return Number(text);
  }

  /** As it was sent: an object's key may begin and end with spaces. */
  get value(): string {
    return this.#text;
  }

  /** The names of the elements in it, each once. */
  get names(): string[] {
    return [...new Set(this.#children.map((child) => child.name))];
  }
}

/** Throws "MalformedXML" unless the bytes are a well-formed document whose root has one of the names. */
export function parseXml(bytes: Uint8Array, ...roots: string[]): Element {
  const parser = new SaxesParser({ xmlns: true });
  const document = new Element("");
  const open = [document];
  // oxlint-disable mayfly/guarded-listeners -- they are called by write() and close(), and what they throw is thrown by these
  parser.on("error", () => {
    throw new S3Error("MalformedXML");
  });
  // A document type is how small documents name large ones and files of the host; S3 has none.
  parser.on("doctype", () => {
    throw new S3Error("MalformedXML");
  });
  parser.on("opentag", ({ local, attributes }) => {
    const element = new Element(local, Object.values(attributes).find((each) => each.local === "type")?.value);
    open.at(-1)?.add(element);
    open.push(element);
  });
  parser.on("closetag", () => open.pop());
  parser.on("text", (text) => open.at(-1)?.addText(text));
  parser.on("cdata", (text) => open.at(-1)?.addText(text));
  // oxlint-enable mayfly/guarded-listeners
  parser.write(Buffer.from(bytes).toString("utf8")).close();
  const root = roots.map((name) => document.one(name)).find((found) => found !== undefined);
  if (root === undefined) throw new S3Error("MalformedXML");
  return root;
}
