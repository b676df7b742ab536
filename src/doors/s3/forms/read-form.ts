/** Reads the form that a browser sends: the fields before the file, and the file as it comes. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { Busboy, type BusboyConfig } from "@fastify/busboy";
import { guarded } from "../../../base/errors/guarded.ts";
import { S3Error } from "../s3-error.ts";

export interface Form {
  /** By their names in lower case; those after the file are not looked at. */
  fields: ReadonlyMap<string, string>;
  /** Of the file, without folders; undefined: the content came as a field. */
  fileName: string | undefined;
  /** The content. It fails if the client leaves. */
  content: AsyncIterable<Uint8Array>;
  /** Called when nobody reads the content any more. */
  release(): void;
}

const limits: BusboyConfig["limits"] = { fields: 100, fieldNameSize: 200, fieldSize: 1_048_576, files: 1, parts: 101, headerPairs: 20 };

/** Rejects with an S3Error. */
export function readForm(request: IncomingMessage): Promise<Form> {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new S3Error("PreconditionFailed", { Condition: "Bucket POST must be of the enclosure-type multipart/form-data" });
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const fields = new Map<string, string>();
  let file: Readable | undefined;
  const fail = (error: unknown) => {
    reject(error);
    file?.destroy(error as Error);
  };
  const malformed = guarded(() => fail(new S3Error("MalformedPOSTRequest")), fail);
  let parser: InstanceType<typeof Busboy>;
  try {
    // Some clients give every field the name of a file.
    const isPartAFile = (name: string | undefined, _type: string | undefined, fileName: string | undefined) =>
      name?.toLowerCase() === "file" && fileName !== undefined;
    parser = new Busboy({ headers: { ...request.headers, "content-type": type }, limits, preservePath: false, isPartAFile });
  } catch {
    throw new S3Error("MalformedPOSTRequest");
  }
  const release = () => {
    request.unpipe(parser);
    file?.destroy();
    request.resume();
  };
  parser.on(
    "field",
    guarded((name: string, value: string, _isNameCut: boolean, isCut: boolean) => {
      if (isCut) return fail(new S3Error("MaxPostPreDataLengthExceededError"));
      if (name.toLowerCase() === "file")
        return resolve({ fields, fileName: undefined, content: Readable.from([Buffer.from(value)]), release });
      fields.set(name.toLowerCase(), value);
    }, fail),
  );
  parser.on(
    "file",
    guarded((_name: string, stream: Readable, fileName: string) => {
      file = stream;
      stream.on("error", () => {});
      resolve({ fields, fileName, content: stream, release });
    }, fail),
  );
  parser.on("fieldsLimit", malformed);
  parser.on("partsLimit", malformed);
  parser.on("error", malformed);
  parser.on(
    "finish",
    guarded(() => {
      const error = new S3Error(
        "InvalidArgument",
        { ArgumentName: "file", ArgumentValue: 0 },
        "POST requires exactly one file upload per request.",
      );
      reject(error);
    }, fail),
  );
  request.on(
    "close",
    guarded(() => {
      if (!request.complete) fail(new S3Error("IncompleteBody"));
    }, fail),
  );
  request.pipe(parser);
  return promise;
}
