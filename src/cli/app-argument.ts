/** The argument of commands that are about an app, or something of an app. */
import { type Command, InvalidArgumentError } from "commander";
import type { ConnectionOptions } from "./connection.ts";

/**
 * Lists of the whole server show `@acme/shop` for an app of another tenant than `main`. So it may be given as it stands there, and means `shop` with
 * `--tenant acme`.
 * @param declared such as "<app>", "[app]" or "<app/function>"
 */
export function withApp(command: Command, declared: string, description = "its name; @tenant/app is that of a tenant"): Command {
  return command.argument(declared, description, (text: string) => {
    const [, tenant, rest] = /^@([^/]+)\/(.*)$/s.exec(text) ?? [];
    const name = rest ?? text;
    if (!declared.includes("/") && name.includes("/"))
      throw new InvalidArgumentError(`An app is named without a function here: ${name.split("/", 1)[0]!.slice(0, 64)}.`);
    if (tenant === undefined) return text;
    const named = command.opts<ConnectionOptions>().tenant;
    if (named !== undefined && named !== tenant)
      throw new InvalidArgumentError(`It names the tenant ${tenant}, and --tenant the tenant ${named}.`);
    command.setOptionValue("tenant", tenant);
    return name;
  });
}
