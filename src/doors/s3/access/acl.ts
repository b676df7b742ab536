/** Access control lists: who but its owner may read or write a bucket or an object. */
import { createHash } from "node:crypto";
import type { Headers } from "../../signature/read-signature.ts";
import { S3Error } from "../s3-error.ts";
import type { Element, Xml } from "../xml.ts";

export interface Acl {
  /** The tenant's id. */
  owner: string;
  grants: Grant[];
}

interface Grant {
  /** A tenant's canonical id, or the URI of a group. */
  grantee: { id: string } | { uri: string };
  permission: Permission;
}

export type Permission = "FULL_CONTROL" | "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP";

const ALL = "http://acs.amazonaws.com/groups/global/AllUsers";
const SIGNED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const permissions = new Set<string>(["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]);

/** By which S3's documents name an account: 64 hexadecimal digits. */
export function canonicalId(tenant: string): string {
  return createHash("sha256").update(`s3 ${tenant}`).digest("hex");
}

/** An account as documents show it. Its display name is the beginning of its id: AWS sends none since 2025, and older clients read it. */
function accountXml(id: string): { ID: string; DisplayName: string } {
  return { ID: id, DisplayName: id.slice(0, 12) };
}

export function ownerXml(tenant: string): { ID: string; DisplayName: string } {
  return accountXml(canonicalId(tenant));
}

export function ownAcl(owner: string): Acl {
  return { owner, grants: [{ grantee: { id: canonicalId(owner) }, permission: "FULL_CONTROL" }] };
}

/** @param tenant null: anonymous */
export function grants({ owner, grants: all }: Acl, tenant: string | null, wanted: Permission): boolean {
  if (tenant === owner && wanted.endsWith("_ACP")) return true;
  const id = tenant === null ? null : canonicalId(tenant);
  return all.some(({ grantee, permission }) => {
    if (permission !== wanted && permission !== "FULL_CONTROL") return false;
    if ("id" in grantee) return grantee.id === id;
    return grantee.uri === ALL || (grantee.uri === SIGNED && tenant !== null);
  });
}

/** Whether it gives everything to the owner, and nothing to anybody else: what holds without a list. */
export function isOwnersAlone({ owner, grants: all }: Acl): boolean {
  const id = canonicalId(owner);
  return all.length > 0 && all.every(({ grantee, permission }) => "id" in grantee && grantee.id === id && permission === "FULL_CONTROL");
}

export function isPublic({ grants: all }: Acl): boolean {
  return all.some(({ grantee }) => "uri" in grantee && grantee.uri !== LOGS);
}

/** An ACL with a name. @param bucketOwner of the bucket that an object is in */
function canned(name: string, owner: string, bucketOwner: string): Acl {
  const own = ownAcl(owner);
  const group = (uri: string, ...of: Permission[]): Acl => ({
    owner,
    grants: [...of.map((permission) => ({ grantee: { uri }, permission })), ...own.grants],
  });
  const also = (permission: Permission): Acl =>
    owner === bucketOwner ? own : { owner, grants: [...own.grants, { grantee: { id: canonicalId(bucketOwner) }, permission }] };
  switch (name) {
    case "private":
    case "aws-exec-read":
      return own;
    case "public-read":
      return group(ALL, "READ");
    case "public-read-write":
      return group(ALL, "READ", "WRITE");
    case "authenticated-read":
      return group(SIGNED, "READ");
    case "log-delivery-write":
      return group(LOGS, "WRITE", "READ_ACP");
    case "bucket-owner-read":
      return also("READ");
    case "bucket-owner-full-control":
      return also("FULL_CONTROL");
    default:
      throw new S3Error("InvalidArgument", { ArgumentName: "x-amz-acl", ArgumentValue: name.slice(0, 100) }, "");
  }
}

const headers: readonly (readonly [name: string, permission: Permission])[] = [
  ["x-amz-grant-read", "READ"],
  ["x-amz-grant-write", "WRITE"],
  ["x-amz-grant-read-acp", "READ_ACP"],
  ["x-amz-grant-write-acp", "WRITE_ACP"],
  ["x-amz-grant-full-control", "FULL_CONTROL"],
];

/** What the headers say; undefined: nothing. */
export function aclOfHeaders(given: Headers, owner: string, bucketOwner: string): Acl | undefined {
  const named = given["x-amz-acl"];
  const granted = headers.flatMap(([name, permission]) =>
    given[name] === undefined ? [] : granteesIn(given[name], name).map((grantee) => ({ grantee, permission })),
  );
  if (named !== undefined && granted.length > 0)
    throw new S3Error("InvalidRequest", {}, "Specifying both Canned ACLs and Header Grants is not allowed");
  if (named !== undefined) return canned(named, owner, bucketOwner);
  return granted.length === 0 ? undefined : { owner, grants: granted };
}

function granteesIn(text: string, name: string): Grant["grantee"][] {
  return text.split(",").map((each) => {
    const [, kind, value] = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/.exec(each) ?? [];
    if (kind === undefined)
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: name, ArgumentValue: each.trim().slice(0, 100) },
        "Argument format not recognized",
      );
    return granteeOf(kind, value!, kind);
  });
}

/** @param name under which a wrong value is told: a header and a document have different ones */
function granteeOf(kind: string, value: string, name: string): Grant["grantee"] {
  // Nobody is known by an address here.
  if (kind === "emailAddress") throw new S3Error("UnresolvableGrantByEmailAddress");
  if (kind === "uri") {
    if (![ALL, SIGNED, LOGS].includes(value))
      throw new S3Error("InvalidArgument", { ArgumentName: name, ArgumentValue: value.slice(0, 200) }, "Invalid group uri");
    return { uri: value };
  }
  if (!/^[0-9a-f]{64}$/.test(value))
    throw new S3Error("InvalidArgument", { ArgumentName: name, ArgumentValue: value.slice(0, 200) }, "Invalid id");
  return { id: value };
}

/** As on AWS. */
const MOST_GRANTS = 100;
const kinds = new Set(["CanonicalUser", "AmazonCustomerByEmail", "Group"]);

/** @param root AccessControlPolicy */
export function aclOfXml(root: Element, owner: string): Acl {
  const list = root.one("AccessControlList");
  const named = root.one("Owner")?.text("ID");
  if (list === undefined || named === undefined) throw new S3Error("MalformedACLError");
  if (named !== canonicalId(owner))
    throw new S3Error("InvalidArgument", { ArgumentName: "CanonicalUser/ID", ArgumentValue: named.slice(0, 200) }, "Invalid id");
  if (list.all("Grant").length > MOST_GRANTS) throw new S3Error("MalformedACLError");
  const all = list.all("Grant").map((grant): Grant => {
    const [grantee, permission] = [grant.one("Grantee"), grant.text("Permission")];
    if (grantee === undefined || permission === undefined || !permissions.has(permission)) throw new S3Error("MalformedACLError");
    if (grantee.type !== undefined && !kinds.has(grantee.type)) throw new S3Error("MalformedACLError");
    const [id, uri] = [grantee.text("ID"), grantee.text("URI")];
    if (grantee.has("EmailAddress"))
      return { grantee: granteeOf("emailAddress", "", "EmailAddress"), permission: permission as Permission };
    if (id === undefined && uri === undefined) throw new S3Error("MalformedACLError");
    const named = id === undefined ? granteeOf("uri", uri!, "Group/URI") : granteeOf("id", id, "CanonicalUser/ID");
    return { grantee: named, permission: permission as Permission };
  });
  return { owner, grants: all };
}

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

export function xmlOfAcl({ owner, grants: all }: Acl): Xml {
  return {
    Owner: ownerXml(owner),
    AccessControlList: {
      Grant: all.map(({ grantee, permission }) => ({
        ...("id" in grantee
          ? { [`Grantee ${XSI} xsi:type="CanonicalUser"`]: accountXml(grantee.id) }
          : { [`Grantee ${XSI} xsi:type="Group"`]: { URI: grantee.uri } }),
        Permission: permission,
      })),
    },
  };
}
