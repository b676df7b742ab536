/** Groups of schedules. A schedule itself is a trigger, whose owner is `scheduler`, whose app is the tenant, and whose name is that of its group and its own. */
export const schedulerMigration = `CREATE TABLE schedule_groups (
     tenant TEXT NOT NULL,
     name TEXT NOT NULL,
     -- JSON.
     tags TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, name)
   ) STRICT, WITHOUT ROWID;`;
