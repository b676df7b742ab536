import assert from "node:assert/strict";
import { test } from "node:test";
import { statementsOf } from "./sql-statements.ts";

test("statements end where SQLite's own shell ends them", () => {
  const trigger = `CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 'x;' END; UPDATE a SET b = 1; END`;
  for (const [text, statements] of [
    ["", []],
    ["  ;; -- nothing;\n/* at ; all */ ;", []],
    ["SELECT 1", ["SELECT 1"]],
    ["SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    [
      `INSERT INTO a VALUES ('it''s; ok', "x;y", [z;], \`w;\`); SELECT 2`,
      [`INSERT INTO a VALUES ('it''s; ok', "x;y", [z;], \`w;\`)`, "SELECT 2"],
    ],
    ["SELECT 1 -- ;\n + 2; SELECT /* ; */ 3", ["SELECT 1 -- ;\n + 2", "SELECT /* ; */ 3"]],
    [`${trigger}; SELECT 1;`, [trigger, "SELECT 1"]],
    ["CREATE TABLE triggers (a); END", ["CREATE TABLE triggers (a)", "END"]],
    ["SELECT 'never ended; ", ["SELECT 'never ended;"]],
  ] as const)
    assert.deepEqual(statementsOf(text), statements, text);
});
