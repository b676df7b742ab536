import assert from "node:assert/strict";
import { test } from "node:test";
import { Command, CommanderError } from "commander";
import { withApp } from "./app-argument.ts";
import { commands } from "./commands.ts";

/** The command, and all commands below it. */
function withBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withBelow)];
}

test("every command that names an app takes @tenant/app, and says so where a function is named besides", async () => {
  let seen = 0;
  for (const entry of commands) {
    const { name } = entry;
    const whole = new Command("mayfly").command(name).exitOverride();
    await (await entry.load()).define(whole);
    for (const command of withBelow(whole)) {
      const [first] = command.registeredArguments;
      if (first === undefined || !/^app(?:$|\/|\[)/.test(first.name())) continue;
      seen++;
      const given = first.parseArg!("@acme/shop", undefined as never);
      assert.deepEqual([given, command.opts()["tenant"]], ["shop", "acme"], `${name} ${command.name()}`);
      if (first.name() === "app") assert.throws(() => first.parseArg!("shop/pay", undefined as never), /without a function here: shop/);
    }
  }
  assert.ok(seen >= 40, String(seen));
});

test("a function where only an app is meant is refused before anything is sent, and two different tenants are", () => {
  const command = withApp(
    new Command("list")
      .option("--tenant <name>")
      .exitOverride()
      .configureOutput({ writeErr() {} }),
    "<app>",
  );
  assert.throws(() => command.parse(["shop/pay"], { from: "user" }), CommanderError);
  assert.throws(
    () =>
      command.parse(["@acme/shop", "--tenant", "acme"], { from: "user" }) &&
      command.parse(["--tenant", "blue", "@acme/shop"], { from: "user" }),
    /names the tenant acme/,
  );
});
