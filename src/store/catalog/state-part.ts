import { mainTenant } from "../../base/ids/new-id.ts";
import type { DatabasePart, FilePart, FolderPart } from "../state-folder/state-part.ts";

const OWN = "(SELECT id FROM own)";
const REVISIONS = `(SELECT id FROM revisions WHERE app IN ${OWN})`;
const CODE = `(SELECT code FROM functions WHERE revision IN ${REVISIONS})`;

export const catalogPart: DatabasePart = {
  kind: "database",
  path: "catalog.db",
  tables: [
    { name: "tenants", of: `id IN ${OWN}`, everywhere: `id = '${mainTenant}'` },
    { name: "tenant_facts", of: `tenant IN ${OWN}` },
    { name: "leaving_tenants", of: `tenant IN ${OWN}` },
    { name: "apps", of: `id IN ${OWN}` },
    { name: "appliances", of: `id IN ${OWN}` },
    { name: "names", of: `tenant IN ${OWN}` },
    { name: "revisions", of: `app IN ${OWN}` },
    { name: "code", of: `digest IN ${CODE}`, isShared: true },
    { name: "parts", of: `code IN ${CODE}`, isShared: true },
    { name: "functions", of: `revision IN ${REVISIONS}` },
    { name: "aliases", of: `app IN ${OWN}` },
    { name: "targets", of: `app IN ${OWN}` },
    { name: "lives", of: `app IN ${OWN}` },
    { name: "canaries", of: `app IN ${OWN}` },
    { name: "secrets", of: `app IN ${OWN}` },
    { name: "proven_hosts", of: `app IN ${OWN}` },
    { name: "signing_keys", of: `app IN ${OWN}` },
  ],
  content: "SELECT digest FROM code WHERE stored > 0",
};

/** Files of apps that are too large for the catalog, each in a folder of its digest. */
export const largeFilesPart: FolderPart = {
  kind: "folder",
  path: "files",
  isContent: true,
  of: (path, { content }) => content.has(path.split("/", 1)[0]!),
};

/** By it, the secrets of the catalog and of other files are sealed. */
export const sealPart: FilePart = { kind: "file", path: "secrets.key", ofTenants: true };
