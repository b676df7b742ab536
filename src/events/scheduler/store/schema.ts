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

/** How many schedules a tenant has, and the bytes of their definitions. They come and go in several ways. */
export const scheduleCountMigration = `CREATE TABLE schedule_counts (
     tenant TEXT PRIMARY KEY,
     schedules INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO schedule_counts SELECT app, count(*), sum(octet_length(definition)) FROM triggers WHERE owner = 'scheduler' GROUP BY app;
   CREATE TRIGGER schedule_came AFTER INSERT ON triggers WHEN NEW.owner = 'scheduler' BEGIN
     INSERT INTO schedule_counts VALUES (NEW.app, 1, octet_length(NEW.definition))
       ON CONFLICT (tenant) DO UPDATE SET schedules = schedules + 1, bytes = bytes + excluded.bytes;
   END;
   CREATE TRIGGER schedule_changed AFTER UPDATE OF definition ON triggers WHEN NEW.owner = 'scheduler' BEGIN
     UPDATE schedule_counts SET bytes = bytes + octet_length(NEW.definition) - octet_length(OLD.definition) WHERE tenant = NEW.app;
   END;
   CREATE TRIGGER schedule_went AFTER DELETE ON triggers WHEN OLD.owner = 'scheduler' BEGIN
     UPDATE schedule_counts SET schedules = schedules - 1, bytes = bytes - octet_length(OLD.definition) WHERE tenant = OLD.app;
   END;`;
