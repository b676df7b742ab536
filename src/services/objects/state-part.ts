import type { DatabasePart, FolderPart } from "../../store/state-folder/state-part.ts";

const TENANT = "tenant IN (SELECT id FROM own)";
const BUCKETS = `(SELECT bucket FROM buckets WHERE ${TENANT})`;
const UPLOADS = `(SELECT upload FROM uploads WHERE bucket IN ${BUCKETS})`;
const BUCKET = "buckets.bucket";
const filesIn = (table: string, where = "TRUE") =>
  `SELECT json_extract(value, '$.file') AS file FROM ${table}, json_each(segments) WHERE ${where}`;

export const objectsPart: DatabasePart = {
  kind: "database",
  path: "objects.db",
  tables: [
    { name: "buckets", of: TENANT, numbers: { bucket: BUCKET } },
    { name: "versions", of: `bucket IN ${BUCKETS}`, numbers: { seq: "versions.seq", bucket: BUCKET } },
    { name: "uploads", of: `bucket IN ${BUCKETS}`, numbers: { bucket: BUCKET } },
    { name: "parts", of: `upload IN ${UPLOADS}` },
    // A copy between tenants has the file of what was copied.
    {
      name: "files",
      of: `file IN (${filesIn("versions", `bucket IN ${BUCKETS}`)} UNION ${filesIn("parts", `upload IN ${UPLOADS}`)})`,
      isShared: true,
    },
    { name: "used", of: TENANT },
    // Nobody knows whose these are; they are of this server alone.
    { name: "garbage", of: "FALSE" },
    { name: "notices", of: "FALSE" },
    { name: "untold", of: "FALSE" },
    { name: "marks", of: "FALSE" },
  ],
  content: "SELECT file FROM files WHERE bytes IS NULL",
  // Files are counted anew, because others may have had them, or have them.
  mends: `
    CREATE TEMP TABLE counted AS SELECT file, count(*) AS uses FROM (${filesIn("main.versions")} UNION ALL ${filesIn("main.parts")}) GROUP BY file;
    CREATE INDEX temp.counted_files ON counted (file);
    UPDATE main.files SET uses = ifnull((SELECT counted.uses FROM counted WHERE counted.file = files.file), 0);
    INSERT OR IGNORE INTO main.garbage SELECT file FROM main.files WHERE uses = 0 AND bytes IS NULL;
    DELETE FROM main.files WHERE uses = 0;
    DELETE FROM main.garbage WHERE file IN (SELECT file FROM main.files);
    DROP TABLE temp.counted;`,
};

/** Files of content lie in folders of hours. */
export const contentPart: FolderPart = {
  kind: "folder",
  path: "objects/content",
  isContent: true,
  of: (path, { content }) => content.has(path.split("/").at(-1)!),
};
