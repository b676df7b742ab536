/** What of an object changes while its content stays: tags, its list, its protection; and the removal of many. */
import { setImmediate } from "node:timers/promises";
import { isVersionId } from "../../../services/objects/version-id.ts";
import type { Change } from "../../../services/objects/store/versions.ts";
import { aclOfHeaders, aclOfXml, xmlOfAcl } from "../access/acl.ts";
import { aclOfObject, admitAcl, authorize, authorizeObject, mayList, policyOf } from "../access/authorize.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { documentOf as bodyOf, xmlOf } from "../request/body.ts";
import { checkedTags, isHeld, lockMode, retainUntil } from "../request/object-headers.ts";
import { unquoted } from "../request/reading.ts";
import { authorizeRemoval, bypassesLock, mayBypassLock } from "./objects.ts";
import { asS3Error, S3Error } from "../s3-error.ts";
import { documentOf, parseXml, type Xml } from "../xml.ts";
import type { Found } from "../../../services/objects/store/versions.ts";

const MOST_REMOVED = 1_000;

const deleteObjects: S3Operation = {
  operation: "DeleteObjects",
  method: "POST",
  isOfContent: true,
  level: "bucket",
  query: "delete",
  right: "deploy",
  others: "WRITE",
  authorizesItself: true,
  handle: removeMany,
};

export const objectSettingOperations: readonly S3Operation[] = [
  {
    operation: "GetObjectTagging",
    method: "GET",
    level: "object",
    query: "tagging",
    right: "read",
    others: "object",
    async handle(call) {
      const { about, isVersioned, version } = await allowed(call).catch((error: unknown) => {
        // Here alone AWS names the bucket with the key.
        const isMissing = (error as { code?: string }).code === "no-such-object" && !call.query.has("versionId");
        throw isMissing ? new S3Error("NoSuchKey", { Key: `${call.name}/${call.key}` }) : error;
      });
      const tags = Object.entries(about.tags ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const body = documentOf("Tagging", { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } });
      return { body, headers: { "x-amz-version-id": isVersioned ? version : undefined } };
    },
  },
  {
    operation: "PutObjectTagging",
    method: "PUT",
    level: "object",
    query: "tagging",
    right: "deploy",
    others: "object",
    async handle(call) {
      await allowed(call);
      const root = await xmlOf(call, "Tagging");
      const pairs = (root.one("TagSet")?.all("Tag") ?? []).map((tag) => [tag.needed("Key"), tag.needed("Value")] as const);
      return change(call, { tags: checkedTags(pairs) }, "ObjectTagging:Put");
    },
  },
  {
    operation: "DeleteObjectTagging",
    method: "DELETE",
    level: "object",
    query: "tagging",
    right: "deploy",
    others: "object",
    async handle(call) {
      await allowed(call);
      return { ...(await change(call, { tags: null }, "ObjectTagging:Delete")), status: 204 };
    },
  },
  {
    operation: "GetObjectAcl",
    method: "GET",
    level: "object",
    query: "acl",
    right: "read",
    others: "object",
    async handle(call) {
      const found = await existing(call);
      authorizeObject(call, found, "READ_ACP");
      return { body: documentOf("AccessControlPolicy", xmlOfAcl(aclOfObject(found))) };
    },
  },
  {
    operation: "PutObjectAcl",
    method: "PUT",
    level: "object",
    query: "acl",
    right: "deploy",
    others: "object",
    async handle(call) {
      const { bucket, headers } = call;
      const found = await existing(call);
      authorizeObject(call, found, "WRITE_ACP");
      const { owner } = found.about;
      const ofHeaders = aclOfHeaders(headers, owner, bucket.tenant);
      const bytes = await bodyOf(call);
      if (ofHeaders !== undefined && bytes.length > 0) throw new S3Error("UnexpectedContent");
      if (ofHeaders === undefined && bytes.length === 0) throw new S3Error("MissingSecurityHeader", { MissingHeaderName: "x-amz-acl" });
      const acl = ofHeaders ?? aclOfXml(parseXml(bytes, "AccessControlPolicy"), owner);
      // What is wrong in itself is told first.
      await admitAcl(call, acl);
      return change(call, { acl }, "ObjectAcl:Put");
    },
  },
  {
    operation: "GetObjectRetention",
    method: "GET",
    level: "object",
    query: "retention",
    right: "read",
    async handle(call) {
      refuseUnlocked(call);
      const { retention } = (await existing(call)).about;
      if (retention === undefined) throw new S3Error("NoSuchObjectLockConfiguration");
      return { body: documentOf("Retention", { Mode: retention.mode, RetainUntilDate: new Date(retention.until).toISOString() }) };
    },
  },
  {
    operation: "PutObjectRetention",
    method: "PUT",
    level: "object",
    query: "retention",
    right: "deploy",
    async handle(call) {
      refuseUnlocked(call);
      const root = await xmlOf(call, "Retention");
      const [mode, until] = [root.text("Mode"), root.text("RetainUntilDate")];
      if ((mode === undefined) !== (until === undefined)) throw new S3Error("MalformedXML");
      if (mode !== undefined && mode !== "GOVERNANCE" && mode !== "COMPLIANCE") throw new S3Error("MalformedXML");
      const retention = mode === undefined ? null : { mode: lockMode(mode), until: retainUntil(until!, call.now) };
      return change(call, { retention });
    },
  },
  {
    operation: "GetObjectLegalHold",
    method: "GET",
    level: "object",
    query: "legal-hold",
    right: "read",
    async handle(call) {
      refuseUnlocked(call);
      const { legalHold } = (await existing(call)).about;
      if (legalHold === undefined) throw new S3Error("NoSuchObjectLockConfiguration");
      return { body: documentOf("LegalHold", { Status: legalHold ? "ON" : "OFF" }) };
    },
  },
  {
    operation: "PutObjectLegalHold",
    method: "PUT",
    level: "object",
    query: "legal-hold",
    right: "deploy",
    async handle(call) {
      refuseUnlocked(call);
      const status = (await xmlOf(call, "LegalHold")).text("Status");
      if (status !== "ON" && status !== "OFF") throw new S3Error("MalformedXML");
      return change(call, { legalHold: isHeld(status) });
    },
  },
  deleteObjects,
];

async function existing({ objects, name, key, query }: S3Call): Promise<Found> {
  const version = query.get("versionId") ?? undefined;
  const found = await objects.head(name, key, version);
  if (!found.isMarker) return found;
  if (version === undefined) throw new S3Error("NoSuchKey", { Key: key });
  throw new S3Error("MethodNotAllowed", { ResourceType: "DeleteMarker" });
}

/** The object, if the bucket's policy, which may ask for its tags, lets the caller do what no list is about. */
async function allowed(call: S3Call): Promise<Found> {
  const found = await existing(call).catch((error: unknown) => {
    // Whoever may not list learns nothing of what is missing.
    throw (error as { code?: string }).code === "no-such-object" && !mayList(call) ? new S3Error("AccessDenied") : error;
  });
  authorizeObject(call, found, null);
  return found;
}

async function change(call: S3Call, changed: Change, event?: string): Promise<S3Answer> {
  const { objects, name, key, query, author } = call;
  const bypasses = mayBypassLock(call);
  const { version } = await objects.change({
    bucket: name,
    key,
    version: query.get("versionId") ?? undefined,
    change: changed,
    bypasses,
    event,
    author,
  });
  return { headers: { "x-amz-version-id": version } };
}

function refuseUnlocked({ bucket }: S3Call): void {
  if (bucket.settings.lock === undefined) throw new S3Error("InvalidRequest", {}, "Bucket is missing Object Lock Configuration");
}

async function removeMany(call: S3Call): Promise<S3Answer> {
  const { objects, name, bucket, author } = call;
  const hasPolicy = policyOf(bucket) !== undefined;
  // What a policy says is said of each object.
  if (!hasPolicy) authorize(call, deleteObjects);
  const root = parseXml(await bodyOf(call, true), "Delete");
  const named = root.all("Object");
  if (named.length === 0 || named.length > MOST_REMOVED) throw new S3Error("MalformedXML");
  const isQuiet = root.text("Quiet") === "true";
  // What clears buckets sends the header to every one; where nothing is locked, nothing is bypassed.
  const bypasses = (key: string) => bucket.settings.lock !== undefined && bypassesLock({ ...call, key });
  const [removed, errors]: [Xml[], Xml[]] = [[], []];
  const asked = named.map((object) => ({
    key: object.needed("Key"),
    version: object.text("VersionId") || undefined,
    etag: object.text("ETag"),
    size: object.number("Size"),
  }));
  const refusals = hasPolicy ? await refusalsOf(call, asked) : [];
  await Promise.all(
    asked.map(async ({ key, version, etag, size }, at) => {
      const conditions = etag === undefined && size === undefined ? undefined : { ifMatch: etag && unquoted(etag), ifSize: size };
      try {
        if (refusals[at] !== undefined) throw refusals[at];
        if (version !== undefined && !isVersionId(version)) await objects.head(name, key, version);
        const done = await objects.remove({ bucket: name, key, version, conditions, bypasses: bypasses(key), author });
        const marker = done.isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: done.version } : {};
        removed.push({ Key: key, VersionId: version, ...marker });
      } catch (error) {
        const told = asS3Error(error, { bucket: name, key, versionId: undefined });
        if (told.status >= 500) throw error;
        const isMissing = told.name === "NoSuchKey" && version !== undefined;
        const { name: Code, message: Message } = isMissing ? new S3Error("NoSuchVersion") : told;
        errors.push({ Key: key, VersionId: version, Code, Message });
      }
    }),
  );
  return { body: documentOf("DeleteResult", { Deleted: isQuiet ? [] : removed, Error: errors }) };
}

/** Why each of the objects may not be removed; undefined: it may. */
async function refusalsOf(call: S3Call, asked: readonly { key: string; version: string | undefined }[]): Promise<(Error | undefined)[]> {
  const refusals: (Error | undefined)[] = [];
  for (const { key, version } of asked) {
    // A policy may be long, and a thousand looks at it are much for one turn of the event loop.
    await setImmediate();
    refusals.push(refusalOf(call, key, version));
  }
  return refusals;
}

function refusalOf(call: S3Call, key: string, version: string | undefined): Error | undefined {
  try {
    authorizeRemoval(call, key, version);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
