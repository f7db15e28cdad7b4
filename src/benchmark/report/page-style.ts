/**
 * How the page looks. Colours are variables, because the script draws plots in them too: of each series (Okabe and Ito's palette, which
 * colour-blind readers can tell apart, darker on light and lighter on dark), of the theoretical line, of text and of rules.
 */
const LIGHT = `--paper:#fbfaf7;--card:#fff;--ink:#1d2126;--muted:#5f666e;--rule:#e2dfd8;--accent:#0a5a9c;--soft:#f2f0ea;
--loud:#9c2a10;--loudbg:#fdeee8;--mild:#6d4e00;--mildbg:#fbf3dc;
--ref:#767c84;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b8568f;--s4:#b57f00;--s5:#2f93cf;--s6:#5b5ea6;--s7:#3d3d3d`;
const DARK = `--paper:#14171b;--card:#1a1e23;--ink:#e7e5e0;--muted:#a2a8b0;--rule:#30363d;--accent:#79b8f0;--soft:#20252b;
--loud:#ffb4a0;--loudbg:#3a1d16;--mild:#f0d38a;--mildbg:#312812;
--ref:#9aa1a9;--s0:#56b4e9;--s1:#f09050;--s2:#35c79b;--s3:#e39ac4;--s4:#e6b422;--s5:#8fd0f5;--s6:#a6a8ec;--s7:#d0d0d0`;

export const PAGE_STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root:not(.print){${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main,header,footer,.top{max-width:68rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
h1,h2,h3{font-family:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;font-weight:600;line-height:1.2;text-wrap:balance;
overflow-wrap:anywhere}
h1{font-size:2.3rem;margin:.2rem 0 .6rem;letter-spacing:-.01em}
h2{font-size:1.5rem;margin:0 0 .3rem}
h3{font-size:1.15rem;margin:2.2rem 0 .5rem}
p{max-width:44rem;margin:.5rem 0;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em;text-decoration-thickness:1px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.4rem .8rem}
.kicker,.meta,.source{color:var(--muted);font-size:.9rem;margin:0}
.kicker{letter-spacing:.06em;text-transform:uppercase;font-size:.8rem}
.doubt{border-left:4px solid var(--mild);background:var(--mildbg);color:var(--ink);padding:.6rem 1rem;margin:.6rem 0;max-width:none;
border-radius:0 6px 6px 0}
.doubt b{color:var(--mild)}
.doubt.loud{border-color:var(--loud);background:var(--loudbg);font-size:1.05rem}.doubt.loud b{color:var(--loud)}
.verdict{font-size:1.1rem}
.headlines{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1.4rem 2rem;margin:1.8rem 0}
.headlines>div{display:flex;flex-direction:column-reverse;justify-content:flex-end;border-top:2px solid var(--ink);padding-top:.5rem}
.headlines dd{margin:0;font-size:1.55rem;font-weight:600;letter-spacing:-.01em;line-height:1.3}
.headlines dt{color:var(--muted);font-size:.88rem;line-height:1.35;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1.5rem 2.5rem;margin-top:1rem}
.facts h3{margin:0 0 .3rem;font-size:1rem}
.facts dl{margin:0;font-size:.9rem;display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}
.facts dt{color:var(--muted)}.facts dd{margin:0;overflow-wrap:anywhere}
.contents ol{list-style:none;padding:0;margin:.5rem 0;max-width:52rem}
.contents li{display:flex;gap:1rem;justify-content:space-between;border-bottom:1px solid var(--rule);padding:.35rem 0;align-items:baseline}
.contents li>span:last-child{color:var(--muted);font-size:.9rem;text-align:right}
section{margin:3rem 0 0}
section.test{border-top:1px solid var(--rule);padding-top:2rem}
.why{border-left:4px solid var(--rule);padding:.3rem 1rem;color:var(--muted)}
.failed .why{border-color:var(--loud);color:var(--ink)}
.scroll{overflow-x:auto;margin:1rem 0;max-width:100%}
table{border-collapse:collapse;font-size:.92rem}
.caption{color:var(--muted);font-size:.85rem;margin:1rem 0 -.4rem}
th,td{text-align:left;padding:.4rem 1.4rem .4rem 0;border-bottom:1px solid var(--rule);vertical-align:baseline}
th:last-child,td:last-child{padding-right:.2rem}
thead th{color:var(--muted);font-weight:500;font-size:.85rem;vertical-align:bottom;max-width:14rem;overflow-wrap:break-word;min-width:5rem}
tbody th{font-weight:500;min-width:5.6rem;max-width:18rem;overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap}thead .n{white-space:normal}
.figures td.n{font-size:1.05rem;font-weight:600}.figures td.none{color:var(--muted);font-weight:400}
.unit{display:block;font-weight:400;white-space:nowrap}
.spread{display:block;font-size:.72rem;font-weight:400;color:var(--muted);line-height:1.3}
.spread>span{display:block}
.spread svg{stroke:var(--rule);fill:none;vertical-align:middle;overflow:visible}
.spread circle{fill:var(--accent);stroke:none;opacity:.75}.spread .range{stroke:var(--accent);stroke-width:2;opacity:.45}
.spread .mid{stroke:var(--ink);stroke-width:1.5}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.5rem 2.5rem}
figure{margin:1.2rem 0 0;min-width:0;max-width:56rem}
figcaption{font-weight:600}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem .9rem;padding:0;margin:.25rem 0;font-size:.85rem}
.legend button{font:inherit;color:inherit;background:none;border:0;padding:.1rem 0;cursor:pointer;text-align:left;overflow-wrap:anywhere}
.legend button[aria-pressed=false]{opacity:.4;text-decoration:line-through}
.legend svg{margin-right:.4rem;vertical-align:-1px;stroke:currentColor;fill:currentColor;stroke-width:2}
.legend small{color:var(--muted)}
.ref{color:var(--ref)}${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `.s${i}{color:var(--s${i})}`).join('')}
.ylabel,.xlabel{color:var(--muted);font-size:.8rem}.ylabel{margin-top:.5rem}.xlabel{text-align:right}
.plot{position:relative;min-height:260px}
.tip{position:absolute;pointer-events:none;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.35rem .6rem;
font-size:.8rem;line-height:1.4;box-shadow:0 2px 8px #0002;z-index:2;max-width:17rem;overflow-wrap:anywhere}
.tip b{display:block;font-weight:600}.tip i{display:inline-block;width:.6rem;height:.6rem;border-radius:50%;margin-right:.4rem}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--accent);font-size:.9rem}
.values table,.trials table{font-size:.82rem}.values td,.values th,.trials td,.trials th{padding:.2rem 1rem .2rem 0}
.trials td.t{min-width:9rem}
tr.void{color:var(--muted)}tr.bad{color:var(--loud);font-weight:600}
.notes{max-width:44rem;padding-left:1.2rem;overflow-wrap:anywhere}
footer{margin-top:4rem;padding:1.5rem 1.5rem 4rem;color:var(--muted);font-size:.9rem;border-top:1px solid var(--rule)}
@media(max-width:36rem){body{font-size:15px}h1{font-size:1.7rem}header{padding-top:1.5rem}main,header,footer,.top{padding-left:1rem;padding-right:1rem}
.headlines dd{font-size:1.3rem}.facts dl{grid-template-columns:1fr}.facts dd{margin-bottom:.3rem}th,td{padding-right:.9rem}}
@media print{:root{color-scheme:light}body{font-size:10pt;background:#fff}main,header,footer{max-width:none;padding-left:0;padding-right:0}
section{margin-top:1.5rem}figure,tr,.facts>div,.doubt,.headlines>div{break-inside:avoid}h2,h3,.source,.caption{break-after:avoid}
.scroll{overflow:visible}details:not([open]),.skip{display:none}.plots{display:block}.doubt,.spread svg{print-color-adjust:exact}}
`;
