#include "app/demo_site.h"

#include <array>

namespace ante {
namespace {

constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The Plain Weekly (a demo of Ante)</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/demo/demo.css">
<script src="/demo/demo.js" defer></script>
</head>
<body>
<a class="skip" href="#magazine">To the magazine</a>
<a class="skip" href="#behind">Behind the page</a>
<div class="clock" role="region" aria-label="Clock of the demo">
  <p id="time" class="time">…</p>
  <div class="buttons" id="clock-buttons">
    <button type="button" data-clock="next-hour">next hour</button>
    <button type="button" data-clock="next-morning">next morning</button>
    <button type="button" data-clock="+7d">+7 days</button>
    <button type="button" data-clock="+30d">+30 days</button>
    <button type="button" data-clock="next-quarter">next quarter</button>
  </div>
  <p id="clock-status" class="status" role="status"></p>
</div>
<div class="page">
  <div class="sheet">
    <header class="masthead">
      <p class="name"><a href="#/">The Plain Weekly</a></p>
      <p class="motto">A magazine for men. Nobody in it exists.</p>
      <nav aria-label="Magazine"><a href="#/">Front page</a> <a href="#shop">Shop</a></nav>
    </header>
    <main id="magazine" tabindex="-1"></main>
  </div>
  <aside id="behind" class="behind" tabindex="-1" aria-labelledby="behind-title">
    <h2 id="behind-title">Behind the page</h2>
    <section aria-labelledby="who-title">
      <h3 id="who-title">You are</h3>
      <label class="label" for="who">A reader of the magazine, or somebody new</label>
      <div class="row">
        <select id="who"></select>
        <button type="button" id="fresh">be somebody new</button>
      </div>
      <p id="true" class="note"></p>
    </section>
    <section aria-labelledby="thinks-title">
      <h3 id="thinks-title">What Ante thinks, and who told it</h3>
      <div id="thinks"></div>
    </section>
    <section aria-labelledby="decision-title">
      <h3 id="decision-title">This page</h3>
      <div id="decision"><p class="note">Open a page with a choice on it.</p></div>
    </section>
    <section aria-labelledby="bets-title">
      <h3 id="bets-title">Three bets</h3>
      <div id="bets"></div>
    </section>
    <section aria-labelledby="lift-title">
      <h3 id="lift-title">Is anybody better off?</h3>
      <div id="lift"></div>
    </section>
  </aside>
</div>
<p id="said" class="said" role="status" aria-live="polite"></p>
<noscript><p>The demo site shows what a browser does, so it needs JavaScript. Everything it does is
also in the API under /v1.</p></noscript>
</body>
</html>
)html";

constexpr std::string_view kStyle = R"css(:root {
  --paper: #faf9f6;
  --card: #ffffff;
  --ink: #1c2320;
  --ink-2: #55605b;
  --line: #d9d5cb;
  --told: #174a7c;
  --safe: #8a8172;
  --losing: #b5451f;
  --noticed: #4c8c84;
  --guessed: #a8580b;
  --on-told: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181a;
    --card: #1b2023;
    --ink: #e8ece9;
    --ink-2: #a3aea8;
    --line: #343c40;
    --told: #7fb0ee;
    --safe: #b9b1a0;
    --losing: #f0875f;
    --noticed: #63bfb2;
    --guessed: #e0a44a;
    --on-told: #14181a;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font:
    15px/22px system-ui,
    sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
h1,
h2,
.name,
.headline,
.lede {
  font-family: ui-serif, Georgia, 'Times New Roman', serif;
}
h1 {
  font-size: 32px;
  line-height: 38px;
  margin: 4px 0 12px;
  font-weight: 600;
  text-wrap: balance;
}
h2 {
  font-size: 20px;
  line-height: 26px;
  margin: 0 0 8px;
  font-weight: 600;
}
h3 {
  font-size: 13px;
  line-height: 18px;
  margin: 0 0 6px;
  font-weight: 650;
}
p {
  margin: 0 0 10px;
}
a {
  color: inherit;
  text-decoration-thickness: 1px;
  text-underline-offset: 3px;
}
a:hover {
  color: var(--told);
}
:focus-visible {
  outline: 2px solid var(--told);
  outline-offset: 2px;
}
main:focus,
aside:focus {
  outline: none;
}
button,
select {
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 3px;
  min-height: 32px;
  padding: 3px 10px;
}
button {
  cursor: pointer;
}
button:hover:not(:disabled) {
  border-color: var(--told);
  color: var(--told);
}
button:disabled {
  color: var(--ink-2);
  cursor: default;
}
button[aria-pressed='true'] {
  background: var(--told);
  color: var(--on-told);
  border-color: var(--told);
}
.sr {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}
.skip {
  position: absolute;
  left: -999px;
}
.skip:focus {
  left: 8px;
  top: 8px;
  background: var(--card);
  padding: 6px 10px;
  z-index: 3;
}
.clock {
  display: flex;
  flex-wrap: wrap;
  gap: 6px 14px;
  align-items: center;
  padding: 8px 20px;
  border-bottom: 1px solid var(--line);
  background: var(--card);
  position: sticky;
  top: 0;
  z-index: 2;
}
.clock p {
  margin: 0;
}
.time {
  font-weight: 650;
  min-width: 15ch;
}
.buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
}
.status {
  color: var(--ink-2);
  font-size: 13px;
  min-height: 22px;
}
.page {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 28px;
  padding: 20px;
  max-width: 1240px;
  margin: 0 auto;
}
.masthead {
  border-bottom: 3px double var(--ink);
  margin-bottom: 18px;
}
.name {
  font-size: 38px;
  line-height: 42px;
  font-weight: 700;
  margin: 0;
  letter-spacing: -0.01em;
}
.name a {
  text-decoration: none;
}
.motto {
  color: var(--ink-2);
  margin: 2px 0 8px;
}
nav {
  display: flex;
  gap: 16px;
  padding-bottom: 8px;
}
nav a[aria-current] {
  font-weight: 650;
  text-decoration-thickness: 2px;
}
.cards {
  list-style: none;
  padding: 0;
  margin: 0;
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 210px), 1fr));
  gap: 0 22px;
}
.cards > li {
  border-top: 1px solid var(--line);
  padding: 10px 0 14px;
}
.headline {
  font-size: 18px;
  line-height: 23px;
  margin: 0;
  font-weight: 600;
}
.headline a {
  text-decoration: none;
}
.headline a:hover {
  text-decoration: underline;
}
.kicker {
  font-size: 13px;
  line-height: 18px;
  color: var(--ink-2);
  margin: 0 0 2px;
}
.slot {
  border: 1px solid var(--line);
  border-left: 3px solid var(--told);
  background: var(--card);
  padding: 14px 16px 4px;
  margin: 0 0 26px;
}
.slot[data-general='true'] {
  border-left-color: var(--safe);
}
.slot .cards > li:first-child {
  border-top: 0;
}
@media (min-width: 620px) {
  .slot .cards > li:nth-child(-n + 3) {
    border-top: 0;
  }
}
.acts {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin-top: 8px;
}
.acts button {
  font-size: 13px;
  line-height: 18px;
  padding: 3px 8px;
}
.why {
  margin: 8px 0 0;
  padding: 0 0 0 2px;
  list-style: none;
  font-size: 13px;
  line-height: 19px;
}
.lede {
  font-size: 19px;
  line-height: 29px;
  max-width: 62ch;
}
.story {
  max-width: 68ch;
}
.story .acts {
  margin: 0 0 28px;
}
.behind {
  border-top: 1px solid var(--line);
  padding-top: 16px;
  font-size: 13px;
  line-height: 19px;
}
.behind section {
  border-top: 1px solid var(--line);
  padding: 12px 0 8px;
}
.behind h2 {
  font-size: 18px;
}
.label {
  display: block;
  color: var(--ink-2);
  margin-bottom: 4px;
}
.row {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin-bottom: 6px;
}
.row select {
  flex: 1 1 170px;
  min-width: 0;
}
.note {
  color: var(--ink-2);
}
.facts {
  list-style: none;
  padding: 0;
  margin: 0 0 8px;
}
.facts li {
  display: grid;
  grid-template-columns: 18px minmax(0, 1fr);
  gap: 4px;
  padding: 1px 0;
}
.mark {
  font-size: 13px;
}
.told .mark {
  color: var(--told);
}
.noticed .mark {
  color: var(--noticed);
}
.guessed .mark,
.imported .mark {
  color: var(--guessed);
}
.bar {
  display: inline-block;
  height: 8px;
  background: var(--noticed);
  vertical-align: baseline;
  margin-left: 6px;
}
.sides {
  display: grid;
  grid-template-columns: repeat(2, minmax(0, 1fr));
  gap: 12px;
  margin: 8px 0;
}
.sides h4 {
  margin: 0 0 4px;
  font-size: 13px;
  line-height: 18px;
  font-weight: 650;
}
.sides .shown h4 {
  color: var(--told);
}
.sides .shown h4::before {
  content: '● ';
}
.sides .without h4::before {
  content: '▒ ';
  color: var(--safe);
}
.sides ol {
  margin: 0;
  padding-left: 18px;
}
.odds {
  display: block;
  width: 100%;
  height: 26px;
  margin: 4px 0 2px;
}
.odds .range {
  stroke: var(--told);
  stroke-width: 4;
}
.odds .point {
  fill: var(--told);
}
.odds .axis {
  stroke: var(--safe);
  stroke-width: 1;
}
.bet {
  border-left: 3px solid var(--safe);
  padding: 0 0 2px 10px;
  margin: 0 0 16px;
}
.bet[data-verdict$='paying'] {
  border-left-color: var(--told);
}
.bet[data-verdict$='losing'] {
  border-left-color: var(--losing);
}
.bet p {
  margin-bottom: 4px;
}
.bet .verdict {
  font-weight: 650;
}
.bet[data-verdict$='paying'] .verdict {
  color: var(--told);
}
.bet[data-verdict$='losing'] .verdict {
  color: var(--losing);
}
.bet button {
  margin: 2px 0 6px;
}
.sentence {
  font-family: ui-serif, Georgia, serif;
  font-size: 16px;
  line-height: 22px;
  margin-bottom: 4px;
}
details {
  margin: 6px 0;
}
summary {
  cursor: pointer;
  min-height: 24px;
  color: var(--ink-2);
}
.said {
  position: fixed;
  left: 50%;
  transform: translateX(-50%);
  bottom: 16px;
  margin: 0;
  max-width: calc(100% - 32px);
  background: var(--ink);
  color: var(--paper);
  padding: 8px 14px;
  border-radius: 3px;
  z-index: 4;
}
.said:empty {
  display: none;
}
.said button {
  margin-left: 10px;
  background: transparent;
  color: inherit;
  border-color: currentColor;
}
.said button:hover:not(:disabled) {
  color: inherit;
  border-color: currentColor;
  text-decoration: underline;
}
@media (min-width: 960px) {
  .page {
    grid-template-columns: minmax(0, 1fr) 360px;
    gap: 40px;
    padding: 24px 32px;
  }
  .behind {
    border-top: 0;
    border-left: 1px solid var(--line);
    padding: 0 0 0 24px;
  }
  .behind section:first-of-type {
    border-top: 0;
  }
}
@media (max-width: 959px) {
  .clock {
    position: static;
    padding: 8px 20px;
  }
}
@media (forced-colors: active) {
  .slot {
    border-left-width: 6px;
  }
  .bar {
    border: 1px solid;
  }
}
)css";

std::array<DemoFile, 3> make_files() {
  return {{{"", "text/html; charset=utf-8", std::string(kPage)},
           {"demo.css", "text/css; charset=utf-8", std::string(kStyle)},
           {"demo.js", "text/javascript; charset=utf-8",
            std::string(demo_script_of_pages()) + std::string(demo_script_of_panel())}}};
}

}  // namespace

const DemoFile* demo_file(std::string_view name) {
  static const std::array<DemoFile, 3> files = make_files();
  for (const DemoFile& file : files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

}  // namespace ante
