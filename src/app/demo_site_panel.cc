#include "app/demo_site.h"

namespace ante {
namespace {

constexpr std::string_view kPanel =
    R"js(// ---------------------------------------------------------------- behind the page

function fact(kind, text, extra) {
  return el(
    'li',
    { class: kind },
    el('span', { class: 'mark', title: kind }, marks[kind]),
    el('span', {}, text, extra),
  );
}

const titles = new Map();
async function titleOf(id) {
  if (!id) return 'something no longer listed';
  if (!titles.has(id)) {
    titles.set(
      id,
      ask('/demo/api/item?id=' + encodeURIComponent(id)).then(
        (entry) => entry.title,
        () => id,
      ),
    );
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
  try {
    person = await ask('/demo/api/person?id=' + encodeURIComponent(page.person));
  } catch {
    person = null;
  }
  if (!person) {
    box.replaceChildren(
      el(
        'p',
        { class: 'note' },
        'Nothing yet. What you read, pin or wave away will stand here at once.',
      ),
    );
    return;
  }
  const told = [],
    noticed = [],
    guessed = [];
  for (const text of await titled(person.pinned.slice(-5), 'you pinned')) told.push(text);
  for (const text of await titled(person.hidden.slice(-5), '“not for me”:')) told.push(text);
  for (const topic of person.hiddenTopics) told.push('“not for me”: everything on ' + topic);
  const interests = person.interests
    .map((i) => ({ ...i, seen: i.visit + i.lasting }))
    .sort((a, b) => b.told - a.told || b.seen - a.seen);
  for (const interest of interests.filter((i) => i.told !== 0))
    told.push((interest.told > 0 ? 'more ' : 'less ') + interest.topic);
  const strongest = Math.max(1, ...interests.map((i) => i.seen));
  const bars = interests
    .filter((i) => i.seen > 0)
    .sort((a, b) => b.seen - a.seen)
    .slice(0, 6);
  for (const text of await titled(person.bought.slice(-3), 'you bought')) noticed.push(text);
  const last = await titled(person.recent.slice(0, 3), 'lately');
  for (const text of last) noticed.push(text);
  for (const known of person.facts)
    (known.kind === 'told' ? told : guessed).push(
      known.name + ': ' + JSON.stringify(known.value),
    );
  const list = el('ul', { class: 'facts' });
  for (const text of told) list.append(fact('told', text));
  for (const i of bars) {
    const bar = svg('svg', {
      class: 'bar',
      width: Math.max(3, Math.round((90 * i.seen) / strongest)),
      height: 8,
      'aria-hidden': 'true',
    });
    list.append(fact('noticed', 'you read about ' + i.topic, bar));
  }
  for (const text of noticed) list.append(fact('noticed', text));
  for (const text of guessed) list.append(fact('guessed', text));
  const missing = [
    ['told', told.length],
    ['guessed', guessed.length],
  ]
    .filter(([, n]) => n === 0)
    .map(([kind]) => kind);
  box.replaceChildren(
    list,
    el(
      'p',
      { class: 'note' },
      plural(person.visits, 'visit') +
        ', ' +
        plural(person.events, 'event') +
        '. ◆ told · ● noticed · ◌ guessed' +
        (missing.length ? '. Nothing ' + missing.join(' or ') + ' here.' : '.'),
    ),
  );
}

function oddsChart(odds) {
  const x = (p) => 6 + 288 * Math.min(1, Math.max(0, p));
  return svg(
    'svg',
    {
      class: 'odds',
      viewBox: '0 0 300 26',
      role: 'img',
      'aria-label':
        'Odds ' + percent(odds.p) + ', between ' + percent(odds.lo) + ' and ' + percent(odds.hi),
    },
    svg('line', { class: 'axis', x1: 6, x2: 294, y1: 13, y2: 13 }),
    svg('line', {
      class: 'range',
      x1: x(odds.lo),
      x2: Math.max(x(odds.hi), x(odds.lo) + 1),
      y1: 13,
      y2: 13,
    }),
    svg('circle', { class: 'point', cx: x(odds.p), cy: 13, r: 5 }),
  );
}

const outcomeTexts = {
  bet: 'A bet: this instead of the editor’s choice, because the odds pay.',
  explore: 'Exploring: a small, known share of pages tries something to learn from it.',
  abstain: 'No bet: nothing is surely better than the editor’s choice, so that is shown.',
  holdout:
    'Left alone on purpose: this reader gets the editor’s choice for ever, to measure against.',
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
    const side = (title, items, className) =>
      el(
        'div',
        { class: className },
        el('h4', {}, title),
        el(
          'ol',
          {},
          items.map((item) => el('li', {}, item.title || item.id)),
        ),
      );
    parts.push(
      el('p', { class: 'sentence' }, outcomeTexts[personal.outcome] || personal.outcome),
      el(
        'div',
        { class: 'sides' },
        side('Shown', personal.items, 'shown'),
        side('Without us', general.items, 'without'),
      ),
    );
    const odds = personal.odds;
    if (odds && odds.hi > 0) {
      parts.push(
        oddsChart(odds),
        el(
          'p',
          { class: 'note' },
          'Odds that the first place succeeds: ' +
            percent(odds.p) +
            ' [' +
            percent(odds.lo) +
            ', ' +
            percent(odds.hi) +
            '].',
        ),
      );
    }
    const more = el('details', {}, el('summary', {}, 'Reasons, and the record'));
    parts.push(more);
    const reasons = el('ul', {});
    more.append(
      el(
        'p',
        {},
        'Slot ' +
          name +
          ', on the evidence of ' +
          (personal.rung === 'person' ? 'this person' : personal.rung) +
          ', arm ' +
          personal.arm +
          (personal.bet ? ', part of the bet ' + personal.bet : '') +
          '.',
      ),
      reasons,
    );
    try {
      const explained = await ask(
        '/demo/api/explain?id=' + encodeURIComponent(personal.decisionId),
      );
      for (const reason of explained.reasons || []) reasons.append(el('li', {}, reason));
      more.append(
        el(
          'p',
          { class: 'note' },
          plural(explained.candidates || 0, 'candidate') +
            ', ' +
            (explained.hand || []).length +
            ' in the hand, model ' +
            personal.versions.model +
            ', ' +
            personal.tookMs +
            ' ms. ' +
            personal.decisionId,
        ),
      );
    } catch (problem) {
      more.append(el('p', { class: 'note' }, problem.message));
    }
  }
  if (!parts.length)
    parts.push(el('p', { class: 'note' }, 'Nothing is chosen for anybody on this page.'));
  box.replaceChildren(...parts);
}

async function drawLift() {
  const box = document.getElementById('lift');
  const names = { home: 'Front page', 'article-end': 'End of articles', cart: 'Shop' };
  const parts = [];
  for (const slot of Object.keys(names)) {
    let report;
    try {
      report = await ask('/demo/api/lift?id=' + slot);
    } catch {
      continue;
    }
    parts.push(el('p', { class: 'sentence' }, names[slot] + ': ' + report.sentence));
    const truth = page.state.truth[slot];
    if (truth && truth.readers) {
      parts.push(
        el(
          'p',
          { class: 'note' },
          'The truth, which only the demo can know: ' +
            (truth.lift >= 0 ? '+' : '') +
            truth.lift.toFixed(3) +
            ' for each of ' +
            truth.readers +
            ' readers (' +
            truth.asGeneral.toFixed(3) +
            ' → ' +
            truth.asServed.toFixed(3) +
            ').',
        ),
      );
    }
  }
  if (!parts.length) parts.push(el('p', { class: 'note' }, 'Nothing has been decided yet.'));
  box.replaceChildren(...parts);
}

const verdictMarks = { paying: '▲', losing: '▼' };

// "+0.281 [+0.124, +0.437] goals a reader, n 534": never the number without the other two.
function betNumber(lift) {
  const n = lift.treated.n + lift.holdout.n;
  if (!lift.lift) return 'No number yet, n ' + n + '. ' + lift.sentence;
  const signed = (x) => (x < 0 ? '−' : '+') + Math.abs(x).toFixed(3);
  const [low, high] = lift.lift.interval.map(signed);
  return signed(lift.lift.value) + ' [' + low + ', ' + high + '] goals a reader, n ' + n;
}

// The bet's own sentence, with titles where it has ids.
async function betSentence(bet) {
  let text = bet.sentence;
  for (const id of (bet.content.items || []).slice(0, 3))
    text = text.replace(id, '“' + (await titleOf(id)) + '”');
  return text;
}

async function betCard(bet) {
  const { verdict, lift, segments } = bet.evidence;
  const odds = bet.stated.map((one) => one.who + ' gave it ' + percent(one.pays)).join(', ');
  const fold = () =>
    attempt(async () => {
      await ask('/demo/api/fold?id=' + encodeURIComponent(bet.id), {});
      await decideAgain('Folded “' + bet.id + '”: its people get the safe default again.');
      await drawBets();
      document.getElementById('bets').querySelector('[data-bet="' + bet.id + '"]').focus();
    });
  return el(
    'article',
    { class: 'bet', 'data-verdict': verdict, 'data-bet': bet.id, tabindex: '-1' },
    el('p', { class: 'sentence' }, bet.need),
    el(
      'p',
      {},
      el(
        'span',
        { class: 'verdict' },
        (verdictMarks[verdict.split(' ').pop()] || '◌') + ' ' + verdict,
      ),
      bet.live ? '' : ' · ' + bet.state,
    ),
    el('p', {}, betNumber(lift)),
    el('p', {}, segments.sentence),
    bet.live
      ? el(
          'button',
          { type: 'button', 'aria-label': 'Fold the bet ' + bet.id, on: { click: fold } },
          'Fold it',
        )
      : null,
    el(
      'details',
      {},
      el('summary', {}, 'The whole bet'),
      el('p', { class: 'note' }, await betSentence(bet)),
      el('p', { class: 'note' }, 'Owner: ' + bet.owner + '. Odds that it pays: ' + odds + '.'),
      el(
        'ul',
        {},
        bet.moves.map((move) =>
          el(
            'li',
            { class: 'note' },
            shortDay.format(new Date(move.at)) + ': ' + move.to + (move.why && ', ' + move.why),
          ),
        ),
      ),
    ),
  );
}

async function drawBets() {
  const box = document.getElementById('bets');
  const placed = await ask('/demo/api/bets');
  const bets = await Promise.all(
    placed.data.map((bet) => ask('/demo/api/bet?id=' + encodeURIComponent(bet.id))),
  );
  const cards = await Promise.all(bets.filter((bet) => bet.evidence).map(betCard));
  if (!cards.length)
    cards.push(el('p', { class: 'note' }, 'None yet: they are placed after four weeks.'));
  box.replaceChildren(...cards);
}

// ---------------------------------------------------------------- who, when, where

const readers = new Map();

async function listReaders() {
  const reply = await ask('/demo/api/readers');
  const who = document.getElementById('who');
  for (const reader of reply.readers) readers.set(reader.id, reader);
  who.replaceChildren(
    ...[...readers.values()].map((reader) =>
      el(
        'option',
        { value: reader.id },
        reader.name + ' ' + reader.id.replace(/^reader-0*/, 'no. '),
      ),
    ),
  );
  if (!readers.has(page.person))
    who.prepend(el('option', { value: page.person }, 'somebody new'));
  who.value = page.person;
}

function drawTruth() {
  const note = document.getElementById('true');
  const reader = readers.get(page.person);
  note.textContent = !reader
    ? 'You. Nobody knows your taste but you.'
    : 'The truth, which only the demo can know: likes ' +
      reader.favourites.join(', ') +
      '; reads on a ' +
      reader.device +
      (reader.errand ? '; just now ' + reader.errand : '') +
      '.';
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
  document.getElementById('time').textContent =
    dayFormat.format(time) + ', ' + time.toISOString().slice(11, 16);
  const status = document.getElementById('clock-status');
  if (page.state.playing) {
    const left = Math.ceil(
      (Date.parse(page.state.until) - Date.parse(page.state.world)) / 86400000,
    );
    status.textContent =
      'Everybody’s days go by: ' + plural(Math.max(left, 0), 'day') + ' to go.';
  } else {
    status.textContent = page.state.problem || 'Day ' + page.state.day + ' of this world.';
  }
  for (const button of document.querySelectorAll('[data-clock]'))
    button.disabled = page.state.playing;
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
    if (link.getAttribute('href').replace(/^#\/?/, '') === id)
      link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  try {
    if (id === '') await drawFront();
    else if (id === 'shop') await drawShop();
    else await drawItem(id);
  } catch (problem) {
    main.replaceChildren(
      el('h1', {}, 'Not here'),
      el('p', {}, problem.message),
      el('p', {}, el('a', { href: '#/' }, 'Back to the front page')),
    );
  }
  await Promise.all([drawPerson(), drawDecision(), drawBets(), drawLift()]);
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
document
  .getElementById('who')
  .addEventListener('change', (event) => attempt(() => become(event.target.value)));
document
  .getElementById('fresh')
  .addEventListener('click', () => attempt(() => become(freshId())));
setInterval(() => {
  if (page.state) drawClock();
}, 10000);

attempt(async () => {
  await readState();
  page.person = sessionStorage.getItem('person') || freshId();
  await become(page.person);
  if (page.state.playing) await untilItStands();
});
)js";

}  // namespace

std::string_view demo_script_of_panel() { return kPanel; }

}  // namespace ante
