/** The document that says how a bucket encrypts what nobody asks it to encrypt, and which ways are not let in. */
import type { BucketEncryption } from "../../services/objects/object.ts";
import { S3Error } from "./s3-error.ts";
import type { Element, Xml } from "./xml.ts";

/** What the document does not speak of stays as it was: who lets keys of customers in again does not end the bucket's encryption. Throws an S3Error. */
export function encryptionOfXml(root: Element, before: BucketEncryption = {}): BucketEncryption {
  const [rule, ...more] = root.all("Rule");
  if (rule === undefined || more.length > 0) throw new S3Error("MalformedXML");
  const [byDefault, blocked] = [rule.one("ApplyServerSideEncryptionByDefault"), rule.one("BlockedEncryptionTypes")];
  if (byDefault === undefined && blocked === undefined) throw new S3Error("MalformedXML");
  return {
    ...before,
    ...(byDefault !== undefined && { algorithm: algorithmOf(byDefault) }),
    ...(rule.has("BucketKeyEnabled") && { hasBucketKey: rule.text("BucketKeyEnabled") === "true" }),
    ...(blocked !== undefined && { blocksCustomerKeys: isBlocking(blocked) }),
  };
}

function algorithmOf(byDefault: Element): "AES256" {
  const algorithm = byDefault.needed("SSEAlgorithm");
  if (algorithm === "aws:kms" || algorithm === "aws:kms:dsse")
    throw new S3Error(
      "NotImplemented",
      {},
      `This server has no key management service: a bucket encrypts with the server's own keys (AES256), and not by ${algorithm}.`,
    );
  if (algorithm !== "AES256") throw new S3Error("MalformedXML");
  if (byDefault.has("KMSMasterKeyID"))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "ApplyServerSideEncryptionByDefault" },
      "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
    );
  return algorithm;
}

function isBlocking(blocked: Element): boolean {
  const types = blocked.all("EncryptionType").map((type) => type.value);
  const isOnlyOne = types.length === 1 && (types[0] === "NONE" || types[0] === "SSE-C");
  if (!isOnlyOne) throw new S3Error("MalformedXML");
  return types[0] === "SSE-C";
}

export function xmlOfEncryption({ algorithm, hasBucketKey = false, blocksCustomerKeys }: BucketEncryption): Xml {
  return {
    Rule: {
      ApplyServerSideEncryptionByDefault: algorithm && { SSEAlgorithm: algorithm },
      BlockedEncryptionTypes: blocksCustomerKeys === undefined ? undefined : { EncryptionType: blocksCustomerKeys ? "SSE-C" : "NONE" },
      BucketKeyEnabled: hasBucketKey,
    },
  };
}
