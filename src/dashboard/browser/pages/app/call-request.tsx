import { useState } from "preact/hooks";
import type { FunctionReply } from "../../../model/app-replies.ts";
import { bytes, milliseconds } from "../../../model/format.ts";
import { bodyOf, headersIn } from "../../../model/http-text.ts";
import { hashOf } from "../../../model/route.ts";
import { ask } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { TabProps } from "./tab.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const named = (names: readonly string[]) => names.map((name) => ({ value: name, text: name }));

/** A request that is written by hand, and the reply to it. */
export function RequestForm({ app, path }: TabProps) {
  const functions = Object.keys(app.live?.manifest.functions ?? {});
  const [chosen, setChosen] = useState(functions[0] ?? "");
  const [version, setVersion] = useState("live");
  const [method, setMethod] = useState("GET");
  const [target, setTarget] = useState("/");
  const [headers, setHeaders] = useState("");
  const [body, setBody] = useState("");
  const [reply, setReply] = useState<FunctionReply | null>(null);
  const call = async () => {
    setReply(null);
    const request = {
      method,
      path: target.startsWith("/") ? target : `/${target}`,
      headers: headersIn(headers),
      ...(body !== "" && { body }),
      ...(version !== "live" && { version }),
    };
    setReply(await ask<FunctionReply>(`${path}/functions/${encodeURIComponent(chosen)}/call`, { method: "POST", body: request }));
    return "";
  };
  const isBodyless = method === "GET" || method === "HEAD";
  return (
    <>
      <div class="stack form">
        <div class="fields">
          <SelectField label="Function" value={chosen} options={named(functions)} onChange={setChosen} />
          {app.aliases.length > 1 && (
            <SelectField label="Alias" value={version} options={named(app.aliases.map(({ name }) => name))} onChange={setVersion} />
          )}
          <SelectField label="Method" value={method} options={named(methods)} onChange={setMethod} />
        </div>
        <TextField label="Path" about="As the function sees it, with its query: /orders?limit=5" value={target} onInput={setTarget} />
        <TextField
          label="Headers"
          about="One a line, such as accept: text/plain"
          value={headers}
          onInput={setHeaders}
          placeholder="accept: text/plain"
          rows={2}
        />
        {!isBodyless && <TextField label="Body" value={body} onInput={setBody} rows={4} />}
        <Action act={call} isDisabled={chosen === ""}>
          Call
        </Action>
      </div>
      <div role="status">{reply !== null && <Reply reply={reply} app={app.app} />}</div>
    </>
  );
}

const columns: Column<[string, string]>[] = [
  { title: "Header", cell: ([name]) => <code>{name}</code> },
  { title: "Value", cell: ([, value]) => <bdi class="mono">{value}</bdi> },
];

function Reply({ reply, app }: { reply: FunctionReply; app: string }) {
  const { status, ms, timing, headers, invocation, bytes: size, error } = reply;
  const isCut = atob(reply.body).length < size;
  const { text, isBinary } = bodyOf(reply.body, isCut);
  const parts = timing === null ? [] : Object.entries(timing).filter(([, took]) => took > 0);
  return (
    <section class="reply" aria-label="Reply">
      <p>
        <strong class={status >= 400 ? "bad-text big" : "big"}>{status}</strong> after {milliseconds(ms)}
        {parts.length > 0 && <span class="muted"> ({parts.map(([part, took]) => `${part} ${milliseconds(took)}`).join(", ")})</span>}
      </p>
      {error !== null && <p class="bad-text">The function did not answer: this is Mayfly's own error, {error}.</p>}
      {invocation !== null && (
        <p>
          Invocation <a href={hashOf(["apps", app, "calls", invocation])}>{invocation}</a>
        </p>
      )}
      <Table label="Headers of the reply" columns={columns} rows={headers} keyOf={(_, index) => index} empty="It has no headers." />
      <h3>Body</h3>
      <p class="muted">
        {bytes(size)}
        {isCut && ", of which the first MB was kept"}
        {isBinary && "; it is no text: its first bytes, in hexadecimal digits"}
      </p>
      <Foreign text={text} label="Body of the reply" />
    </section>
  );
}
