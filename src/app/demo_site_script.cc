#include "app/demo_site.h"

namespace ante {
namespace {

constexpr std::string_view kPart1 = R"js('use strict';
// The demo site: a visitor's page with the product's public API, and a panel that looks behind it.

const main = document.getElementById('magazine');
const page = { key: '', person: '', now: 0, at: 0, slots: new Map(), state: null, visit: 0 };

// ---------------------------------------------------------------- small things

function el(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === 'class') node.className = value;
    else if (name === 'on') for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(typeof child === 'object' ? child : document.createTextNode(String(child)));
  }
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

async function ask(path, body) {
  const options = { headers: {} };
  if (path.startsWith('/v1/')) options.headers.Authorization = 'Bearer ' + page.key;
  if (body !== undefined) {
    options.method = 'POST';
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(path, options);
  const text = await reply.text();
  let value = null;
  try { value = text ? JSON.parse(text) : null; } catch { value = null; }
  if (!reply.ok) {
    const problem = new Error((value && (value.detail || value.title)) || 'answered ' + reply.status);
    problem.status = reply.status;
    throw problem;
  }
  return value;
}

let hush = 0;
function say(text, undo) {
  const said = document.getElementById('said');
  said.replaceChildren(document.createTextNode(text));
  if (undo) said.append(el('button', { type: 'button', on: { click: () => { said.replaceChildren(); undo(); } } }, 'Undo'));
  clearTimeout(hush);
  hush = setTimeout(() => said.replaceChildren(), undo ? 9000 : 5000);
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const percent = (p) => (100 * p).toFixed(p < 0.1 ? 1 : 0) + ' %';
const plural = (n, one, many) => (n === 1 ? '1 ' + one : n + ' ' + (many || one + 's'));
const isProduct = (card) => card.kind === 'product';
const isShop = (id) => id.startsWith('p-') || id.startsWith('o-');

// ---------------------------------------------------------------- what the visitor does

const inPage = ['#magazine', '#behind'];  // not pages, but places on one
const messages = { next: 0, base: Math.random().toString(36).slice(2) };

function track(event, properties) {
  return ask('/v1/track', {
    anonymousId: page.person, event, properties,
    messageId: 'demo-' + messages.base + '-' + messages.next++,
  });
}

const idOf = (id) => (isShop(id) ? { product_id: id } : { articleId: id });

async function decide(slot, itemId) {
  const situation = { device: matchMedia('(max-width: 640px)').matches ? 'phone' : 'desktop', referrer: 'internal' };
  const request = { slot, anonymousId: page.person, situation };
  if (itemId) { situation.item = itemId; request.exclude = [itemId]; }
  const [personal, general] = await Promise.all([
    ask('/v1/decide', request),
    ask('/v1/decide', { ...request, mode: 'general', activate: 'defer' }),
  ]);
  return { slot, itemId, personal, general };
}

// A choice after something was said: what changed is counted and told.
async function decideAgain(done, undo) {
  let changed = 0;
  for (const [name, shown] of page.slots) {
    const before = shown.answer.personal.items.map((item) => item.id);
    shown.answer = await decide(name, shown.answer.itemId);
    changed += shown.answer.personal.items.filter((item) => !before.includes(item.id)).length;
    shown.draw();
  }
  say(done + ' ' + (changed ? plural(changed, 'thing') + ' on this page changed.' : 'Nothing on this page had to change.'), undo);
  await Promise.all([drawPerson(), drawDecision()]);
}

async function pin(id, title) {
  await track('Pinned', idOf(id));
  await decideAgain('Pinned “' + title + '”.', () => unpin(id, title));
}
async function unpin(id, title) {
  await track('Unpinned', idOf(id));
  await decideAgain('No longer pinned: “' + title + '”.');
}
async function notForMe(id, title, decisionId) {
  await track('Not For Me', { ...idOf(id), reason: 'other', decisionId });
  await decideAgain('Gone: “' + title + '”.', async () => {
    await track('More Like This', idOf(id));
    await decideAgain('Back again: “' + title + '”.');
  });
}
async function attempt(action) {
  try { await action(); } catch (problem) { say(problem.message); }
}
)js";

constexpr std::string_view kPart2 = R"js(
// ---------------------------------------------------------------- the magazine

const marks = { told: '◆', noticed: '●', guessed: '◌', imported: '◇' };

function whyList(item) {
  const list = el('ul', { class: 'why' });
  for (const why of item.why || []) {
    list.append(el('li', { class: why.kind }, el('span', { class: 'mark', 'aria-hidden': 'true' }, (marks[why.kind] || '◌') + ' '), why.kind + ': ' + why.text));
  }
  if (!list.childElementCount) list.append(el('li', {}, 'For no reason of yours: everybody may get it.'));
  return list;
}

function slotCard(item, place, answer) {
  const decision = answer.personal;
  const why = el('div', { hidden: true });
  const whyButton = el('button', { type: 'button', 'aria-expanded': 'false', on: { click: () => {
    why.hidden = !why.hidden;
    whyButton.setAttribute('aria-expanded', String(!why.hidden));
    if (!why.hidden) why.replaceChildren(whyList(item), instead(answer, place));
  } } }, 'why?');
  const open = () => {
    sessionStorage.setItem('opened', JSON.stringify({ id: item.id, token: item.token, decisionId: decision.decisionId, slot: answer.slot }));
    if (answer.slot !== 'article-end') reward(decision.decisionId, item.token, 'click');
  };
  return el('li', {},
    el('h3', { class: 'headline' }, el('a', { href: '#' + item.id, on: { click: open } }, item.title || item.id)),
    el('div', { class: 'acts' }, whyButton,
      el('button', { type: 'button', on: { click: () => attempt(() => pin(item.id, item.title)) } }, 'pin'),
      el('button', { type: 'button', on: { click: () => attempt(() => notForMe(item.id, item.title, decision.decisionId)) } }, 'not for me')),
    why);
}

function instead(answer, place) {
  const other = answer.general.items[place];
  const same = other && answer.personal.items[place] && other.id === answer.personal.items[place].id;
  return el('p', { class: 'note' }, same || !other ? 'Everybody would see this here.' : 'Instead you would have seen: ' + other.title);
}

function reward(decisionId, token, measure) {
  if (!token) return;
  fetch('/v1/decisions/' + encodeURIComponent(decisionId) + '/reward', {
    method: 'POST', keepalive: true,
    headers: { Authorization: 'Bearer ' + page.key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, value: 1, measure }),
  }).catch(() => {});
}

const slotTitles = {
  'home': ['Chosen for you', 'The editor’s choice'],
  'article-end': ['Where you may want to go next', 'The editor suggests'],
  'cart': ['Goes with it, for you', 'Best sellers'],
};

async function addSlot(name, itemId, where) {
  const section = el('section', { class: 'slot', 'aria-labelledby': 'slot-' + name, hidden: true });
  where.append(section);
  let answer;
  try { answer = await decide(name, itemId); } catch (problem) {
    if (problem.status !== 404) say(problem.message);
    return;
  }
  const shown = { answer, draw: () => {
    const personal = ['bet', 'explore'].includes(shown.answer.personal.outcome);
    section.hidden = false;
    section.dataset.general = String(!personal);
    section.replaceChildren(
      el('h2', { id: 'slot-' + name }, slotTitles[name][personal ? 0 : 1]),
      el('ul', { class: 'cards' }, shown.answer.personal.items.map((item, place) => slotCard(item, place, shown.answer))));
  } };
  page.slots.set(name, shown);
  shown.draw();
}

function card(entry) {
  const price = entry.price ? ' · € ' + entry.price : '';
  return el('li', {},
    el('p', { class: 'kicker' }, entry.topic + (entry.mustRead ? ' · must read' : '') + price),
    el('h3', { class: 'headline' }, el('a', { href: '#' + entry.id }, entry.title)));
}

async function drawFront() {
  const front = await ask('/demo/api/front');
  const where = el('div', {});
  main.replaceChildren(el('h1', { class: 'sr' }, 'This week'), where,
    el('h2', {}, 'Latest'), el('ul', { class: 'cards' }, front.articles.map(card)));
  await addSlot('home', null, where);
}

async function drawShop() {
  const front = await ask('/demo/api/front');
  main.replaceChildren(el('h1', {}, 'The shop'), el('ul', { class: 'cards' }, front.products.map(card)));
}

async function drawItem(id) {
  const entry = await ask('/demo/api/item?id=' + encodeURIComponent(id));
  const mine = ++page.visit;
  const acts = el('div', { class: 'acts' },
    el('button', { type: 'button', on: { click: () => attempt(() => pin(id, entry.title)) } }, 'pin'),
    el('button', { type: 'button', on: { click: () => attempt(() => notForMe(id, entry.title)) } }, 'not for me'));
  if (isProduct(entry)) {
    acts.prepend(el('button', { type: 'button', on: { click: () => attempt(() => buy(entry, acts)) } }, 'buy'));
  }
  const story = el('article', { class: 'story' },
    el('p', { class: 'kicker' }, entry.topic + ' · ' + (isProduct(entry) ? '€ ' + entry.price : shortDay.format(new Date(entry.publishedAt)) + (entry.evergreen ? ' · keeps' : ''))),
    el('h1', {}, entry.title), entry.text ? el('p', { class: 'lede' }, entry.text) : null, acts);
  const where = el('div', {});
  main.replaceChildren(story, where);
  await track(isProduct(entry) ? 'Product Viewed' : 'Article Viewed', idOf(id));
  await addSlot(isProduct(entry) ? 'cart' : 'article-end', id, where);
  if (!isProduct(entry)) setTimeout(() => { if (mine === page.visit) finishReading(id); }, 4000);
}

// Four seconds on a page of four sentences: it was read.
async function finishReading(id) {
  await track('Article Read', { articleId: id, finished: true, depth: 100, activeSeconds: 60 }).catch(() => {});
  const opened = JSON.parse(sessionStorage.getItem('opened') || 'null');
  if (opened && opened.id === id) {
    reward(opened.decisionId, opened.token, 'finished');
    sessionStorage.removeItem('opened');
  }
  await drawPerson();
}

async function buy(entry, acts) {
  await track('Order Completed', { products: [{ product_id: entry.id, price: entry.price, quantity: 1 }], revenue: entry.price });
  acts.append(el('button', { type: 'button', on: { click: (event) => attempt(async () => {
    event.target.disabled = true;
    await track('Not For Me', { product_id: entry.id, reason: 'gift' });
    await decideAgain('Kept the order, dropped the conclusion.');
  }) } }, 'it was a gift'));
  await decideAgain('Bought. It will not be offered to you again.');
}
)js";

constexpr std::string_view kPart3 = R"js(
// ---------------------------------------------------------------- behind the page

function fact(kind, text, extra) {
  return el('li', { class: kind }, el('span', { class: 'mark', title: kind }, marks[kind]), el('span', {}, text, extra));
}

const titles = new Map();
async function titleOf(id) {
  if (!id) return 'something no longer listed';
  if (!titles.has(id)) {
    titles.set(id, ask('/demo/api/item?id=' + encodeURIComponent(id)).then((entry) => entry.title, () => id));
  }
  return titles.get(id);
}

async function titled(list, text) {
  const names = await Promise.all(list.map((entry) => titleOf(entry.id)));
  return names.map((name) => text + ' “' + name + '”');
}

async function drawPerson() {
  const box = document.getElementById('thinks');
  let person = null;
  try { person = await ask('/demo/api/person?id=' + encodeURIComponent(page.person)); } catch { person = null; }
  if (!person) {
    box.replaceChildren(el('p', { class: 'note' }, 'Nothing yet. What you read, pin or wave away will stand here at once.'));
    return;
  }
  const told = [], noticed = [], guessed = [];
  for (const text of await titled(person.pinned.slice(-5), 'you pinned')) told.push(text);
  for (const text of await titled(person.hidden.slice(-5), '“not for me”:')) told.push(text);
  for (const topic of person.hiddenTopics) told.push('“not for me”: everything on ' + topic);
  const interests = person.interests.map((i) => ({ ...i, seen: i.visit + i.lasting })).sort((a, b) => b.told - a.told || b.seen - a.seen);
  for (const interest of interests.filter((i) => i.told !== 0)) told.push((interest.told > 0 ? 'more ' : 'less ') + interest.topic);
  const strongest = Math.max(1, ...interests.map((i) => i.seen));
  const bars = interests.filter((i) => i.seen > 0).sort((a, b) => b.seen - a.seen).slice(0, 6);
  for (const text of await titled(person.bought.slice(-3), 'you bought')) noticed.push(text);
  const last = await titled(person.recent.slice(0, 3), 'lately');
  for (const text of last) noticed.push(text);
  for (const known of person.facts) (known.kind === 'told' ? told : guessed).push(known.name + ': ' + JSON.stringify(known.value));
  const list = el('ul', { class: 'facts' });
  for (const text of told) list.append(fact('told', text));
  for (const i of bars) {
    const bar = svg('svg', { class: 'bar', width: Math.max(3, Math.round(90 * i.seen / strongest)), height: 8, 'aria-hidden': 'true' });
    list.append(fact('noticed', 'you read about ' + i.topic, bar));
  }
  for (const text of noticed) list.append(fact('noticed', text));
  for (const text of guessed) list.append(fact('guessed', text));
  const missing = [['told', told.length], ['guessed', guessed.length]].filter(([, n]) => n === 0).map(([kind]) => kind);
  box.replaceChildren(list,
    el('p', { class: 'note' }, plural(person.visits, 'visit') + ', ' + plural(person.events, 'event') + '. ◆ told · ● noticed · ◌ guessed' +
      (missing.length ? '. Nothing ' + missing.join(' or ') + ' here.' : '.')));
}

function oddsChart(odds) {
  const x = (p) => 6 + 288 * Math.min(1, Math.max(0, p));
  return svg('svg', { class: 'odds', viewBox: '0 0 300 26', role: 'img', 'aria-label': 'Odds ' + percent(odds.p) + ', between ' + percent(odds.lo) + ' and ' + percent(odds.hi) },
    svg('line', { class: 'axis', x1: 6, x2: 294, y1: 13, y2: 13 }),
    svg('line', { class: 'range', x1: x(odds.lo), x2: Math.max(x(odds.hi), x(odds.lo) + 1), y1: 13, y2: 13 }),
    svg('circle', { class: 'point', cx: x(odds.p), cy: 13, r: 5 }));
}

const outcomeTexts = {
  bet: 'A bet: this instead of the editor’s choice, because the odds pay.',
  explore: 'Exploring: a small, known share of pages tries something to learn from it.',
  abstain: 'No bet: nothing is surely better than the editor’s choice, so that is shown.',
  holdout: 'Left alone on purpose: this reader gets the editor’s choice for ever, to measure against.',
  general: 'The general page was asked for.',
  no_consent: 'No consent: the general page.',
  paused: 'Paused: the general page.',
  fallback: 'A fallback: the general page.',
};

async function drawDecision() {
  const box = document.getElementById('decision');
  const parts = [];
  for (const [name, shown] of page.slots) {
    const { personal, general } = shown.answer;
    const side = (title, items, className) => el('div', { class: className }, el('h4', {}, title), el('ol', {}, items.map((item) => el('li', {}, item.title || item.id))));
    parts.push(el('p', { class: 'sentence' }, outcomeTexts[personal.outcome] || personal.outcome),
      el('div', { class: 'sides' }, side('Shown', personal.items, 'shown'), side('Without us', general.items, 'without')));
    const odds = personal.odds;
    if (odds && odds.hi > 0) {
      parts.push(oddsChart(odds), el('p', { class: 'note' }, 'Odds that the first place succeeds: ' + percent(odds.p) + ' [' + percent(odds.lo) + ', ' + percent(odds.hi) + '].'));
    }
    const more = el('details', {}, el('summary', {}, 'Reasons, and the record'));
    parts.push(more);
    const reasons = el('ul', {});
    more.append(el('p', {}, 'Slot ' + name + ', on the evidence of ' + (personal.rung === 'person' ? 'this person' : personal.rung) + ', arm ' + personal.arm + '.'), reasons);
    try {
      const explained = await ask('/demo/api/explain?id=' + encodeURIComponent(personal.decisionId));
      for (const reason of explained.reasons || []) reasons.append(el('li', {}, reason));
      more.append(el('p', { class: 'note' }, plural(explained.candidates || 0, 'candidate') + ', ' + (explained.hand || []).length + ' in the hand, model ' + personal.versions.model + ', ' + personal.tookMs + ' ms. ' + personal.decisionId));
    } catch (problem) { more.append(el('p', { class: 'note' }, problem.message)); }
  }
  if (!parts.length) parts.push(el('p', { class: 'note' }, 'Nothing is chosen for anybody on this page.'));
  box.replaceChildren(...parts);
}

async function drawLift() {
  const box = document.getElementById('lift');
  const names = { 'home': 'Front page', 'article-end': 'End of articles', 'cart': 'Shop' };
  const parts = [];
  for (const slot of Object.keys(names)) {
    let report;
    try { report = await ask('/demo/api/lift?id=' + slot); } catch { continue; }
    parts.push(el('p', { class: 'sentence' }, names[slot] + ': ' + report.sentence));
    const truth = page.state.truth[slot];
    if (truth && truth.readers) {
      parts.push(el('p', { class: 'note' }, 'The truth, which only the demo can know: ' + (truth.lift >= 0 ? '+' : '') + truth.lift.toFixed(3) + ' for each of ' + truth.readers + ' readers (' + truth.asGeneral.toFixed(3) + ' → ' + truth.asServed.toFixed(3) + ').'));
    }
  }
  if (!parts.length) parts.push(el('p', { class: 'note' }, 'Nothing has been decided yet.'));
  box.replaceChildren(...parts);
}
)js";

constexpr std::string_view kPart4 = R"js(
// ---------------------------------------------------------------- who, when, where

const readers = new Map();

async function listReaders() {
  const reply = await ask('/demo/api/readers');
  const who = document.getElementById('who');
  for (const reader of reply.readers) readers.set(reader.id, reader);
  who.replaceChildren(...[...readers.values()].map((reader) =>
    el('option', { value: reader.id }, reader.name + ' ' + reader.id.replace(/^reader-0*/, 'no. '))));
  if (!readers.has(page.person)) who.prepend(el('option', { value: page.person }, 'somebody new'));
  who.value = page.person;
}

function drawTruth() {
  const note = document.getElementById('true');
  const reader = readers.get(page.person);
  note.textContent = !reader ? 'You. Nobody knows your taste but you.'
    : 'The truth, which only the demo can know: likes ' + reader.favourites.join(', ') + '; reads on a ' + reader.device +
      (reader.errand ? '; just now ' + reader.errand : '') + '.';
}

async function become(id) {
  page.person = id;
  sessionStorage.setItem('person', id);
  await listReaders();
  drawTruth();
  await draw();
}

const freshId = () => 'visitor-' + Math.random().toString(36).slice(2, 10);

async function readState() {
  page.state = await ask('/demo/api/state');
  page.key = page.state.publicKey;
  page.now = Date.parse(page.state.now);
  page.at = Date.now();
  drawClock();
}

function drawClock() {
  const time = new Date(page.now + (page.state.playing ? 0 : Date.now() - page.at));
  document.getElementById('time').textContent = dayFormat.format(time) + ', ' + time.toISOString().slice(11, 16);
  const status = document.getElementById('clock-status');
  if (page.state.playing) {
    const left = Math.ceil((Date.parse(page.state.until) - Date.parse(page.state.world)) / 86400000);
    status.textContent = 'Everybody’s days go by: ' + plural(Math.max(left, 0), 'day') + ' to go.';
  } else {
    status.textContent = page.state.problem || 'Day ' + page.state.day + ' of this world.';
  }
  for (const button of document.querySelectorAll('[data-clock]')) button.disabled = page.state.playing;
}

async function moveClock(step) {
  await ask('/demo/api/clock', { to: step });
  await readState();
  await untilItStands();
}

async function untilItStands() {
  while (page.state.playing) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await readState();
  }
  await draw();
}

async function draw() {
  const id = inPage.includes(location.hash) ? '' : location.hash.replace(/^#\/?/, '');
  page.slots.clear();
  page.visit++;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href').replace(/^#\/?/, '') === id) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  try {
    if (id === '') await drawFront();
    else if (id === 'shop') await drawShop();
    else await drawItem(id);
  } catch (problem) {
    main.replaceChildren(el('h1', {}, 'Not here'), el('p', {}, problem.message), el('p', {}, el('a', { href: '#/' }, 'Back to the front page')));
  }
  await Promise.all([drawPerson(), drawDecision(), drawLift()]);
}

addEventListener('hashchange', () => {
  if (inPage.includes(location.hash)) return;
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  attempt(draw);
});
document.getElementById('clock-buttons').addEventListener('click', (event) => {
  const step = event.target.dataset.clock;
  if (step) attempt(() => moveClock(step));
});
document.getElementById('who').addEventListener('change', (event) => attempt(() => become(event.target.value)));
document.getElementById('fresh').addEventListener('click', () => attempt(() => become(freshId())));
setInterval(() => { if (page.state) drawClock(); }, 10000);

attempt(async () => {
  await readState();
  page.person = sessionStorage.getItem('person') || freshId();
  await become(page.person);
  if (page.state.playing) await untilItStands();
});
)js";

}  // namespace

std::string demo_script() {
  std::string script;
  for (const std::string_view part : {kPart1, kPart2, kPart3, kPart4}) script.append(part);
  return script;
}

}  // namespace ante
