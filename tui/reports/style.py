"""How an HTML report looks: on a desk, on a phone, on a dark screen and on paper. Nothing in it is fetched."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d1f24; --ground: #fff; --soft: #5b6068; --line: #d5d7db; --token: #eef0f3;
  --mark: #ffe9a8; --bar: #3b75af; --link: #0b5394; --raised: #f7f8f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e2dc; --ground: #16171b; --soft: #a0a2a8; --line: #3a3c43;
  --token: #2a2c33; --mark: #5c4a10; --bar: #7fb0df; --link: #8fc0ee; --raised: #1d1f24; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--ground); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .2em 0 .6em; } h2 { font-size: 1.25rem; margin: 0 0 .4em; }
h3 { font-size: 1rem; margin: 1.2em 0 .4em; } h4 { font-size: .9rem; margin: .8em 0 .2em; color: var(--soft); }
h1, h2, h3, h4 { line-height: 1.25; overflow-wrap: anywhere; }
p { margin: .3em 0; max-width: 70ch; } a { color: var(--link); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6em 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
bdi { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; white-space: pre-wrap; }
.t { background: var(--token); border: 1px solid var(--line); border-radius: .2em; padding: 0 .2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; width: 100%; }
caption { text-align: left; padding: .2em 0 .4em; } caption b { display: block; }
th, td { padding: .1em .45em; text-align: right; vertical-align: top; border-top: 1px solid var(--line); }
th { font-weight: inherit; } thead th { color: var(--soft); font-size: .82rem; border-top: 0; }
th:first-child, .w { text-align: left; }
nav table { width: auto; } nav th, nav td { padding-right: 1.2em; }
tr.cut > * { border-top: 2px solid var(--ink); }
.rest, .rest .t { color: var(--soft); }
.bar { width: 3.2rem; padding-right: 0; }
.bar i { display: block; height: .6em; margin-top: .4em; min-width: 1px; background: var(--bar);
  border: 1px solid var(--bar); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.lists { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .8rem 2rem; }
.lists > *, .curves > * { min-width: 0; }
.scroll { overflow-x: auto; }
details { margin: .3em 0; } summary { color: var(--soft); font-size: .85rem; cursor: pointer; }
.neuron { border-top: 3px solid var(--line); margin-top: 2rem; padding-top: .8rem;
  content-visibility: auto; contain-intrinsic-size: auto 1400px; }
.back { font-size: .8rem; float: right; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: .4rem 1rem; }
figure { margin: .4em 0; } figcaption { font-size: .85rem; color: var(--soft); }
svg { max-width: 100%; height: auto; background: #fff; }
.big { overflow-x: auto; } .big svg { min-width: 33rem; }
ol.c { list-style: none; margin: 0; padding: 0; }
ol.c li { padding: .12em 0 .12em 1.2em; text-indent: -1.2em; }
mark { background: var(--mark); color: inherit; font-weight: 650; text-decoration: underline;
  text-decoration-thickness: 1px; text-underline-offset: .18em; }
:target { outline: 2px solid var(--link); outline-offset: .4rem; }
@media (prefers-color-scheme: dark) { svg { filter: invert(.9) hue-rotate(180deg); } }
@media (max-width: 40rem) { body { padding: .6rem; font-size: 15px; } .bar { width: 2.4rem; }
  th, td { padding: .1em .25em; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; } }
@page { margin: 12mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --ground: #fff; --soft: #333; --line: #999; --token: #fff; --mark: #fff;
    --bar: #555; --link: #000; font-size: 8.5pt; }
  body { max-width: none; padding: 0; font-size: 8pt; line-height: 1.3; } a { text-decoration: none; }
  p { max-width: none; } table { font-size: 7.5pt; } th, td { padding: 0 .2em; } .bar { width: 2rem; }
  .back, details { display: none; } .lists { grid-template-columns: repeat(3, 1fr); gap: .6rem 1.2rem; }
  .neuron { content-visibility: visible; break-inside: avoid; border-top: 1.5pt solid #000; }
  .curves { grid-template-columns: repeat(3, 1fr); } .big svg { min-width: 0; width: 70%; }
  tr, li, figure, caption, h4 { break-inside: avoid; } h2, h3, h4, caption, thead { break-after: avoid; }
  footer { break-inside: avoid; } .neuron > p { break-after: avoid; } svg { filter: none; }
}
"""
