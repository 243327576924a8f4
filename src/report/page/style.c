/*
 * style.c - the style sheet of the page. Colours are custom properties: those of the reader's
 * choice, light or dark, unless the page's own switch says otherwise.
 */
#include "page.h"

// clang-format off
#define LIGHT                                                                                      \
    "color-scheme:light;--ink:#1d2127;--dim:#5a626d;--faint:#8a929d;--paper:#fff;--tint:#f5f6f8;\n" \
    "--line:#d9dde3;--rule:#2b3038;--link:#1a56a8;--warn:#8a4b00;--warn-tint:#fff6e5;\n"             \
    "--p1:#e3edfb;--p2:#c2d8f7;--p3:#97bbf0;--p4:#5b90e0;--p5:#1f57b5;\n"                            \
    "--n1:#fdebd9;--n2:#fbd3ab;--n3:#f3b173;--n4:#dd8334;--n5:#a3510a;--on4:#111;--on5:#fff"
#define DARK                                                                                       \
    "color-scheme:dark;--ink:#e3e6ea;--dim:#a2abb6;--faint:#78818c;--paper:#16181c;--tint:#1b1f25;\n" \
    "--line:#31373f;--rule:#8b939d;--link:#8ab6f5;--warn:#f2c078;--warn-tint:#2b2415;\n"             \
    "--p1:#17263d;--p2:#1b3760;--p3:#224b88;--p4:#3b6fbd;--p5:#8db9fb;\n"                            \
    "--n1:#33261a;--n2:#54381d;--n3:#7a4d1d;--n4:#b06f26;--n5:#f4ae62;--on4:#fff;--on5:#111"

const char *const qg_page_style[] = {
    ":root{" LIGHT "}\n",
    "@media (prefers-color-scheme:dark){:root:not([data-theme=light]){" DARK "}}\n",
    ":root[data-theme=dark]{" DARK "}\n",
    "*{box-sizing:border-box}\n",
    "html{scroll-padding-top:4rem;-webkit-text-size-adjust:100%}\n",
    "body{margin:0;font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"Liberation Sans\",sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:break-word}\n",
    "a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.15em}\n",
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}\n",
    ".skip{position:absolute;left:-100vw}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:9}\n",
    "body>header,body>nav,main,body>footer{max-width:64rem;margin:0 auto;padding:0 1.5rem}\n",
    "body>header{padding-top:3.5rem}\n",
    "h1,h2,h3{line-height:1.25;font-weight:600;text-wrap:balance}\n",
    "h1{font-size:2rem;letter-spacing:-.015em;margin:0 0 .25rem}\n",
    "h2{font-size:1.375rem;letter-spacing:-.01em;margin:4.5rem 0 .75rem}\n",
    "h3{font-size:1.0625rem;margin:2.25rem 0 .5rem}\n",
    "p{margin:.6rem 0;max-width:46rem}\n",
    ".lead,.note,.facts,figcaption,caption,footer{color:var(--dim)}\n",
    ".note,.facts,figcaption,footer{font-size:.875rem}\n",
    ".alert{border-left:3px solid var(--warn);background:var(--warn-tint);padding:.6rem 1rem;max-width:none}\n",
    "code,pre,kbd{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"Liberation Mono\",monospace}\n",
    "pre{background:var(--tint);padding:.8rem 1rem;overflow-x:auto;border-radius:4px;margin:.75rem 0}\n",
    "body>nav{margin-top:2rem}body>nav ol{columns:16rem;column-gap:2rem;list-style:none;margin:0;padding:.9rem 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line);font-size:.9375rem}\n",
    "body>nav a{text-decoration:none;display:inline-block;padding:.1rem 0}body>nav a:hover{text-decoration:underline}\n",
    "dl.facts-list{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:1rem 0;font-size:.9375rem}\n",
    "dl.facts-list dt{color:var(--dim)}dl.facts-list dd{margin:0;min-width:0;overflow-wrap:anywhere}\n",
    /* tables */
    ".scroll{overflow-x:auto;margin:1.75rem 0 2.25rem;max-width:100%}\n",
    "table{border-collapse:collapse;font-size:.875rem;line-height:1.4;font-variant-numeric:tabular-nums lining-nums;border-bottom:1px solid var(--rule)}\n",
    "caption{text-align:left;padding:0 0 .6rem;font-size:.875rem;caption-side:top}caption b{color:var(--ink);font-weight:600}\n",
    "thead th{border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);vertical-align:bottom;font-weight:600}\n",
    "th,td{padding:.3rem .75rem;text-align:left;white-space:nowrap}th:first-child,td:first-child{padding-left:.25rem}\n",
    "tbody th{font-weight:400}th small{font-weight:400;color:var(--dim)}\n",
    "th.num,td.num{text-align:right}td.wrap{white-space:normal;min-width:18rem}\n",
    "tbody tr:hover>*{background:var(--tint)}\n",
    "tr.block th{padding-top:1rem;font-weight:600}\n",
    "td a,tbody th a{color:inherit;text-decoration:none}tbody th a{text-decoration:underline;text-decoration-color:var(--line)}td a:hover,tbody th a:hover{text-decoration:underline;color:var(--link)}\n",
    "td.num.best{font-weight:600}\n",
    "tr:target>*{background:var(--warn-tint)}\n",
    "th button{all:unset;cursor:pointer;font:inherit;color:inherit}th button:focus-visible{outline:2px solid var(--link);outline-offset:2px}\n",
    "th button::after{content:\"\\2195\";color:var(--faint);padding-left:.3em;font-weight:400}th[aria-sort=ascending] button::after{content:\"\\2191\";color:var(--link)}th[aria-sort=descending] button::after{content:\"\\2193\";color:var(--link)}\n",
    "[hidden],.out{display:none!important}\n",
    /* figures */
    "figure{margin:1.75rem 0 2.25rem}figure .scroll{margin:0 0 .5rem}figure svg{display:block}.files{white-space:nowrap;font-size:.8125rem}.files a{margin-left:.35em}\n",
    /* words */
    "article.text{margin:2rem 0;padding-top:1.25rem;border-top:1px solid var(--line)}\n",
    "article.text>h3{margin:0 0 .25rem}\n",
    "table.words{width:100%}table.words td.says{white-space:normal;line-height:1.9;min-width:16rem;width:100%}table.words td,table.words th{vertical-align:baseline}\n",
    ".w{padding:.05em .2em;border-radius:2px}\n",
    ".p1,.p2,.p3,.p4,.p5{border-bottom:2px solid var(--p5)}.n1,.n2,.n3,.n4,.n5{border-bottom:2px dotted var(--n5)}\n",
    ".p1{background:var(--p1)}.p2{background:var(--p2)}.p3{background:var(--p3)}.p4{background:var(--p4);color:var(--on4)}.p5{background:var(--p5);color:var(--on5)}\n",
    ".n1{background:var(--n1)}.n2{background:var(--n2)}.n3{background:var(--n3)}.n4{background:var(--n4);color:var(--on4)}.n5{background:var(--n5);color:var(--on5)}\n",
    ".legend{display:flex;flex-wrap:wrap;gap:.15rem .25rem;align-items:baseline;font-size:.875rem;color:var(--dim)}.legend .w{min-width:1.6rem;text-align:center}\n",
    "summary{cursor:pointer}details{margin:1rem 0}\n",
    /* the script's bar */
    ".bar{position:sticky;top:0;z-index:5;background:var(--paper);border-bottom:1px solid var(--line);font-size:.875rem}\n",
    ".bar>div{max-width:64rem;margin:0 auto;padding:.5rem 1.5rem;display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center}\n",
    ".bar label{display:inline-flex;gap:.35rem;align-items:center}.bar input[type=search]{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:4px;padding:.2rem .5rem;width:12rem}\n",
    ".bar fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem .9rem}.bar legend{float:left;padding:0;margin-right:.75rem;color:var(--dim)}\n",
    ".bar button{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:4px;padding:.2rem .6rem;cursor:pointer;margin-left:auto}\n",
    ".bar input{accent-color:var(--link)}.bar output{color:var(--dim)}\n",
    "body>footer{padding-top:2rem;padding-bottom:4rem;margin-top:4rem}\n",
    "@media (max-width:40rem){body>header{padding-top:1.5rem}body>header,body>nav,main,body>footer,.bar>div{padding-left:1rem;padding-right:1rem}h1{font-size:1.6rem}h2{margin-top:3rem}\n",
    "dl.facts-list{grid-template-columns:1fr;gap:0}dl.facts-list dd{margin-bottom:.5rem}\n",
    ".bar{position:static}table.words td.says{min-width:8rem}table.words td,table.words th{padding-left:.25rem;padding-right:.4rem}table.words td{white-space:normal}}\n",
    "@media print{:root,:root:not([data-theme=light]),:root[data-theme=dark]{" LIGHT "}\n",
    "body{font-size:9.5pt}body>header,body>nav,main,body>footer{max-width:none;padding:0}.bar,.skip,th button::after{display:none}\n",
    ".scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:.15rem .35rem}h2{margin-top:2rem}h2,h3,caption{break-after:avoid}tr,figure,.legend{break-inside:avoid}thead{display:table-header-group}\n",
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{color:inherit}@page{size:A4;margin:16mm 14mm}}\n",
    NULL,
};
// clang-format on
