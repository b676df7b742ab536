/** Writes an answer, which has the form of the JSON protocol, as the XML of the query protocol. */
import type { SqsError } from "../sqs-error.ts";

const NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/";

export function answerXml(operation: string, id: string, body: Record<string, unknown>): string {
  const inner = membersXml(operation, body);
  const result = Object.keys(body).length === 0 ? "" : `<${operation}Result>${inner}</${operation}Result>`;
  return `<?xml version="1.0"?><${operation}Response xmlns="${NAMESPACE}">${result}<ResponseMetadata>${element("RequestId", id)}</ResponseMetadata></${operation}Response>`;
}

export function errorXml(id: string, error: SqsError): string {
  const type = error.status < 500 ? "Sender" : "Receiver";
  const inner = `${element("Type", type)}${element("Code", error.queryName)}${element("Message", error.message)}<Detail/>`;
  return `<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}"><Error>${inner}</Error>${element("RequestId", id)}</ErrorResponse>`;
}

function membersXml(operation: string, object: object): string {
  return Object.entries(object)
    .map(([name, value]) => (value === undefined ? "" : memberXml(operation, name, value)))
    .join("");
}

function memberXml(operation: string, name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => wrapped(operation, itemName(operation, name), each)).join("");
  if (name === "Attributes" || name === "MessageAttributes") return mapXml(operation, name.slice(0, -1), "Name", value as object);
  if (name === "Tags") return mapXml(operation, "Tag", "Key", value as object);
  return wrapped(operation, name, value);
}

function mapXml(operation: string, name: string, key: string, map: object): string {
  return Object.entries(map)
    .map(([each, value]) => `<${name}>${element(key, each)}${wrapped(operation, "Value", value)}</${name}>`)
    .join("");
}

function wrapped(operation: string, name: string, value: unknown): string {
  return typeof value === "object" && value !== null ? `<${name}>${membersXml(operation, value)}</${name}>` : element(name, String(value));
}

function itemName(operation: string, name: string): string {
  if (name === "Successful") return `${operation}ResultEntry`;
  if (name === "Failed") return "BatchResultErrorEntry";
  if (name === "Results") return `${operation}Result`;
  return name === "queueUrls" ? "QueueUrl" : name.replace(/s$/, "");
}

function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

/** A carriage return would be read as a line feed if it were written as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
