/** The style sheet of the landing page; it names nothing that would be loaded. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --line: #e1e5ea; --text: #17202b;
  --quiet: #5b6775; --link: #0b5fc4; --good: #12703f; --good-back: #e0f4e8; --wait: #8a5300;
  --wait-back: #fdf0d9; --bad: #a3241b; --bad-back: #fde8e6; --chip: #edf1f5; }
@media (prefers-color-scheme: dark) { :root { --page: #0f141a; --card: #171e26; --line: #2a343f;
  --text: #e4e9ef; --quiet: #93a0ae; --link: #79b4ff; --good: #6fdba0; --good-back: #12372a;
  --wait: #f3bf69; --wait-back: #3d2d10; --bad: #ff9d94;
  --bad-back: #431b1a; --chip: #232d38; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem 3rem }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.015em }
.version { color: var(--quiet); font-variant-numeric: tabular-nums }
.state { margin-left: auto; align-self: center; padding: .1rem .7rem; border-radius: 1rem;
  font-size: .85rem; font-weight: 600; color: var(--wait); background: var(--wait-back) }
.state.ready { color: var(--good); background: var(--good-back) }
.lead { margin: .5rem 0 2rem; color: var(--quiet); text-wrap: balance }
h2 { margin: 2rem 0 .6rem; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase;
  color: var(--quiet) }
.links { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; padding: 0; list-style: none }
.links li { flex: 1 1 9.5rem }
.links a { display: block; height: 100%; padding: .85rem 1rem; border: 1px solid var(--line);
  border-radius: .6rem; background: var(--card); color: inherit; text-decoration: none }
.links a:hover, .links a:focus-visible { border-color: var(--link); outline: none }
.links code { display: block; color: var(--link); font-weight: 600; overflow-wrap: anywhere }
.links span { color: var(--quiet); font-size: .88rem }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: .92em }
.box { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--card) }
table { width: 100%; border-collapse: collapse }
th, td { padding: .6rem 1rem; text-align: left; vertical-align: top }
thead th { font-size: .8rem; font-weight: 600; color: var(--quiet) }
tbody th { font-weight: 600 }
tbody tr > * { border-top: 1px solid var(--line) }
tbody:first-child tr:first-child > * { border-top: 0 }
tbody:first-child th { width: 34% }
.number { text-align: right; font-variant-numeric: tabular-nums }
.chip { display: inline-block; margin: 0 .3rem .15rem 0; padding: 0 .5rem; border-radius: .35rem;
  background: var(--chip); font-size: .88rem }
.good { color: var(--good) }
.waiting, .trouble { color: var(--wait) }
.down { color: var(--bad) }
.chip.down { background: var(--bad-back) }
.quiet { color: var(--quiet) }
.none { margin: 0; padding: .85rem 1rem; color: var(--quiet) }
.none b { color: var(--text); font-weight: 600 }
`
