import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionReply } from "../model/replies.ts";
import { ask } from "./api.ts";
import { Choices } from "./parts/choices.tsx";
import { Logo } from "./parts/icons.tsx";
import { setSession } from "./session.ts";

const ways = [
  { value: "token", text: "Token" },
  { value: "key", text: "Key pair" },
] as const;

export function Login() {
  const [way, setWay] = useState<"token" | "key">("token");
  const [error, setError] = useState("");
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  // Whoever has just come can type. Choosing another way of logging in moves no focus.
  useEffect(() => first.current?.focus(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => (fields.get(name) as string | null)?.trim() ?? "";
    const body = way === "token" ? { token: text("token") } : { accessKeyId: text("id"), secretAccessKey: text("secret") };
    setAsking(true);
    setError("");
    try {
      setSession(await ask<SessionReply>("/v1/session", { method: "POST", body }));
    } catch (thrown) {
      const { status } = thrown as { status?: number };
      if (status === 401)
        setError(way === "token" ? "Nobody has this token, or it has expired." : "Nobody has this key pair, or it has expired.");
      else setError(status === undefined ? "The server cannot be reached." : (thrown as Error).message);
      setAsking(false);
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1 class="brand">
          <Logo /> Mayfly
        </h1>
        <p class="muted">
          Log in with a token or a key pair. The server's own token is in the file <code>api-token</code> of its state folder;{" "}
          <code>mayfly token create</code> makes others.
        </p>
        <Choices label="What to log in with" options={ways} value={way} onChoose={setWay} />
        {way === "token" ? (
          <label class="field">
            <span>Token</span>
            <input
              ref={first}
              class="input mono"
              name="token"
              type="password"
              autocomplete="current-password"
              required
              spellcheck={false}
            />
          </label>
        ) : (
          <>
            <label class="field">
              <span>Access key id</span>
              <input class="input mono" name="id" autocomplete="username" required spellcheck={false} />
            </label>
            <label class="field">
              <span>Secret access key</span>
              <input class="input mono" name="secret" type="password" autocomplete="current-password" required spellcheck={false} />
            </label>
          </>
        )}
        {error !== "" && (
          <div class="alert" role="alert">
            {error}
          </div>
        )}
        <button class="button main-button" disabled={isAsking}>
          {isAsking ? "Logging in …" : "Log in"}
        </button>
      </form>
    </main>
  );
}
