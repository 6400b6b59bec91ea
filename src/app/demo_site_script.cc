#include "app/demo_site.h"

namespace ante {
namespace {

constexpr std::string_view kPages = R"js('use strict';
// The demo site: a visitor's page with the product's public API, and a panel that looks behind it.

const main = document.getElementById('magazine');
const page = { key: '', person: '', now: 0, at: 0, slots: new Map(), state: null, visit: 0 };

// ---------------------------------------------------------------- small things

function el(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === 'class') node.className = value;
    else if (name === 'on')
      for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value);
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
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (!reply.ok) {
    const problem = new Error(
      (value && (value.detail || value.title)) || 'answered ' + reply.status,
    );
    problem.status = reply.status;
    throw problem;
  }
  return value;
}

let hush = 0;
function say(text, undo) {
  const said = document.getElementById('said');
  said.replaceChildren(document.createTextNode(text));
  if (undo)
    said.append(
      el(
        'button',
        {
          type: 'button',
          on: {
            click: () => {
              said.replaceChildren();
              undo();
            },
          },
        },
        'Undo',
      ),
    );
  clearTimeout(hush);
  hush = setTimeout(() => said.replaceChildren(), undo ? 9000 : 5000);
}

const dayFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const shortDay = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});
const percent = (p) => (100 * p).toFixed(p < 0.1 ? 1 : 0) + ' %';
const plural = (n, one, many) => (n === 1 ? '1 ' + one : n + ' ' + (many || one + 's'));
const isProduct = (card) => card.kind === 'product';
const isShop = (id) => id.startsWith('p-') || id.startsWith('o-');

// ---------------------------------------------------------------- what the visitor does

const inPage = ['#magazine', '#behind']; // not pages, but places on one
const messages = { next: 0, base: Math.random().toString(36).slice(2) };

function track(event, properties) {
  return ask('/v1/track', {
    anonymousId: page.person,
    event,
    properties,
    messageId: 'demo-' + messages.base + '-' + messages.next++,
  });
}

const idOf = (id) => (isShop(id) ? { product_id: id } : { articleId: id });

async function decide(slot, itemId, task) {
  const situation = {
    device: matchMedia('(max-width: 640px)').matches ? 'phone' : 'desktop',
    referrer: 'internal',
  };
  const request = { slot, anonymousId: page.person, situation };
  if (task) situation.task = task;
  if (itemId) {
    situation.item = itemId;
    request.exclude = [itemId];
  }
  const [personal, general] = await Promise.all([
    ask('/v1/decide', request),
    ask('/v1/decide', { ...request, mode: 'general', activate: 'defer' }),
  ]);
  return { slot, itemId, task, personal, general };
}

// A choice after something was said: what changed is counted and told.
async function decideAgain(done, undo) {
  let changed = 0;
  for (const [name, shown] of page.slots) {
    const before = shown.answer.personal.items.map((item) => item.id);
    shown.answer = await decide(name, shown.answer.itemId, shown.answer.task);
    changed += shown.answer.personal.items.filter((item) => !before.includes(item.id)).length;
    shown.draw();
  }
  say(
    done +
      ' ' +
      (changed
        ? plural(changed, 'thing') + ' on this page changed.'
        : 'Nothing on this page had to change.'),
    undo,
  );
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
  try {
    await action();
  } catch (problem) {
    say(problem.message);
  }
}

// ---------------------------------------------------------------- the magazine

const marks = { told: '◆', noticed: '●', guessed: '◌', imported: '◇' };

function whyList(item) {
  const list = el('ul', { class: 'why' });
  for (const why of item.why || []) {
    list.append(
      el(
        'li',
        { class: why.kind },
        el('span', { class: 'mark', 'aria-hidden': 'true' }, (marks[why.kind] || '◌') + ' '),
        why.kind + ': ' + why.text,
      ),
    );
  }
  if (!list.childElementCount)
    list.append(el('li', {}, 'For no reason of yours: everybody may get it.'));
  return list;
}

function slotCard(item, place, answer) {
  const decision = answer.personal;
  const why = el('div', { hidden: true });
  const whyButton = el(
    'button',
    {
      type: 'button',
      'aria-expanded': 'false',
      on: {
        click: () => {
          why.hidden = !why.hidden;
          whyButton.setAttribute('aria-expanded', String(!why.hidden));
          if (!why.hidden) why.replaceChildren(whyList(item), instead(answer, place));
        },
      },
    },
    'why?',
  );
  const open = () => {
    sessionStorage.setItem(
      'opened',
      JSON.stringify({
        id: item.id,
        token: item.token,
        decisionId: decision.decisionId,
        slot: answer.slot,
      }),
    );
    if (answer.slot !== 'article-end') reward(decision.decisionId, item.token, 'click');
  };
  return el(
    'li',
    {},
    el(
      'h3',
      { class: 'headline' },
      el('a', { href: '#' + item.id, on: { click: open } }, item.title || item.id),
    ),
    el(
      'div',
      { class: 'acts' },
      whyButton,
      el(
        'button',
        { type: 'button', on: { click: () => attempt(() => pin(item.id, item.title)) } },
        'pin',
      ),
      el(
        'button',
        {
          type: 'button',
          on: { click: () => attempt(() => notForMe(item.id, item.title, decision.decisionId)) },
        },
        'not for me',
      ),
    ),
    why,
  );
}

function instead(answer, place) {
  const other = answer.general.items[place];
  const same =
    other && answer.personal.items[place] && other.id === answer.personal.items[place].id;
  return el(
    'p',
    { class: 'note' },
    same || !other
      ? 'Everybody would see this here.'
      : 'Instead you would have seen: ' + other.title,
  );
}

function reward(decisionId, token, measure) {
  if (!token) return;
  fetch('/v1/decisions/' + encodeURIComponent(decisionId) + '/reward', {
    method: 'POST',
    keepalive: true,
    headers: { Authorization: 'Bearer ' + page.key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, value: 1, measure }),
  }).catch(() => {});
}

const slotTitles = {
  home: ['Chosen for you', 'The editor’s choice'],
  'article-end': ['Where you may want to go next', 'The editor suggests'],
  cart: ['Goes with it, for you', 'Best sellers'],
};

async function addSlot(name, itemId, where, task) {
  const section = el('section', {
    class: 'slot',
    'aria-labelledby': 'slot-' + name,
    hidden: true,
  });
  where.append(section);
  let answer;
  try {
    answer = await decide(name, itemId, task);
  } catch (problem) {
    if (problem.status !== 404) say(problem.message);
    return;
  }
  const shown = {
    answer,
    draw: () => {
      const personal = ['bet', 'explore'].includes(shown.answer.personal.outcome);
      section.hidden = false;
      section.dataset.general = String(!personal);
      section.replaceChildren(
        el('h2', { id: 'slot-' + name }, slotTitles[name][personal ? 0 : 1]),
        el(
          'ul',
          { class: 'cards' },
          shown.answer.personal.items.map((item, place) => slotCard(item, place, shown.answer)),
        ),
      );
    },
  };
  page.slots.set(name, shown);
  shown.draw();
}

function card(entry) {
  const price = entry.price ? ' · € ' + entry.price : '';
  return el(
    'li',
    {},
    el('p', { class: 'kicker' }, entry.topic + (entry.mustRead ? ' · must read' : '') + price),
    el('h3', { class: 'headline' }, el('a', { href: '#' + entry.id }, entry.title)),
  );
}

async function drawFront() {
  const front = await ask('/demo/api/front');
  const where = el('div', {});
  main.replaceChildren(
    el('h1', { class: 'sr' }, 'This week'),
    where,
    el('h2', {}, 'Latest'),
    el('ul', { class: 'cards' }, front.articles.map(card)),
  );
  await addSlot('home', null, where);
}

async function drawShop() {
  const front = await ask('/demo/api/front');
  main.replaceChildren(
    el('h1', {}, 'The shop'),
    el('ul', { class: 'cards' }, front.products.map(card)),
  );
}

async function drawItem(id) {
  const entry = await ask('/demo/api/item?id=' + encodeURIComponent(id));
  const mine = ++page.visit;
  const acts = el(
    'div',
    { class: 'acts' },
    el(
      'button',
      { type: 'button', on: { click: () => attempt(() => pin(id, entry.title)) } },
      'pin',
    ),
    el(
      'button',
      { type: 'button', on: { click: () => attempt(() => notForMe(id, entry.title)) } },
      'not for me',
    ),
  );
  if (isProduct(entry)) {
    acts.prepend(
      el(
        'button',
        { type: 'button', on: { click: () => attempt(() => buy(entry, acts)) } },
        'buy',
      ),
    );
  }
  const story = el(
    'article',
    { class: 'story' },
    el(
      'p',
      { class: 'kicker' },
      entry.topic +
        ' · ' +
        (isProduct(entry)
          ? '€ ' + entry.price
          : shortDay.format(new Date(entry.publishedAt)) + (entry.evergreen ? ' · keeps' : '')),
    ),
    el('h1', {}, entry.title),
    entry.text ? el('p', { class: 'lede' }, entry.text) : null,
    acts,
  );
  const where = el('div', {});
  main.replaceChildren(story, where);
  await track(isProduct(entry) ? 'Product Viewed' : 'Article Viewed', idOf(id));
  // Whoever looks at a present is here for one.
  const task = entry.topic === 'Gifts' ? 'gift' : undefined;
  await addSlot(isProduct(entry) ? 'cart' : 'article-end', id, where, task);
  if (!isProduct(entry))
    setTimeout(() => {
      if (mine === page.visit) finishReading(id);
    }, 4000);
}

// Four seconds on a page of four sentences: it was read.
async function finishReading(id) {
  await track('Article Read', {
    articleId: id,
    finished: true,
    depth: 100,
    activeSeconds: 60,
  }).catch(() => {});
  const opened = JSON.parse(sessionStorage.getItem('opened') || 'null');
  if (opened && opened.id === id) {
    reward(opened.decisionId, opened.token, 'finished');
    sessionStorage.removeItem('opened');
  }
  await drawPerson();
}

async function buy(entry, acts) {
  await track('Order Completed', {
    products: [{ product_id: entry.id, price: entry.price, quantity: 1 }],
    revenue: entry.price,
  });
  acts.append(
    el(
      'button',
      {
        type: 'button',
        on: {
          click: (event) =>
            attempt(async () => {
              event.target.disabled = true;
              await track('Not For Me', { product_id: entry.id, reason: 'gift' });
              await decideAgain('Kept the order, dropped the conclusion.');
            }),
        },
      },
      'it was a gift',
    ),
  );
  await decideAgain('Bought. It will not be offered to you again.');
}

)js";

}  // namespace

std::string_view demo_script_of_pages() { return kPages; }

}  // namespace ante
