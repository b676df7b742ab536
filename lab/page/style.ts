export const style = `
:root {
  --page: #fbfaf7; --card: #fff; --text: #22252b; --soft: #646a76; --line: #dfe1e6; --good: #1a7a45; --bad: #b3261e;
  --ours: #c2410c; --others: #7a8394; --oracle: #1a7a45;
  --work: #3f7fbf; --idle: #9db8d6; --blank: #8e6fc1; --cpu: #d99a2b; --wait: #c9433a; --delay: #eba39d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181d; --card: #1e2128; --text: #e6e8ec; --soft: #9ba2b0; --line: #373c47; --good: #5cc98b; --bad: #ff8a80;
    --ours: #ff9b5e; --others: #8a93a5; --oracle: #5cc98b;
    --work: #5b9bd8; --idle: #4a6888; --blank: #a58ad6; --cpu: #e0ab4c; --wait: #ef6a60; --delay: #8f3f3a;
  }
}
body { margin: 0 auto; max-width: 1240px; padding: 24px 20px 60px; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 4px; font-size: 28px; }
h2 { margin: 40px 0 4px; font-size: 21px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
a { color: var(--work); }
p, footer { color: var(--soft); max-width: 90ch; }
.table { overflow-x: auto; margin: 12px 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 5px 12px; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
tbody th { font-weight: 500; }
thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); }
tr.ours { background: color-mix(in srgb, var(--ours) 12%, transparent); }
tr.ours th { color: var(--ours); font-weight: 700; }
tr.limit { color: var(--oracle); }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(560px, 1fr)); gap: 12px; }
figure { margin: 0; padding: 12px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; }
figure:nth-child(5) { grid-column: 1 / -1; }
svg { max-width: 100%; height: auto; }
details { color: var(--text); }
summary { font-weight: 600; cursor: pointer; }
footer { margin-top: 48px; font-size: 13px; }
@media (max-width: 640px) { .plots { grid-template-columns: 1fr; } }
`;
