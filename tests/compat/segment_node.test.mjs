// @segment/analytics-node, unchanged but for its host.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startRefusingProxy } from './refusing_proxy.mjs';
import { Server, skipUnless } from './server.mjs';

const skip = skipUnless('@segment/analytics-node');
if (skip) console.log(`skipped: ${skip}`);

describe('@segment/analytics-node', { skip }, () => {
  let Analytics;
  let server;
  before(async () => {
    ({ Analytics } = await import('@segment/analytics-node'));
    server = await Server.start();
  });
  after(() => server?.stop());

  function client(options = {}) {
    const analytics = new Analytics({ writeKey: server.secretKey, host: server.base, flushAt: 20, flushInterval: 50, ...options });
    const errors = [];
    analytics.on('error', (error) => errors.push(error));
    return { analytics, errors };
  }

  it('delivers track, page and screen of an anonymous visitor', async () => {
    const { analytics, errors } = client();
    analytics.track({ anonymousId: 'node-1', event: 'Article Clicked', properties: { itemId: 'a-1', n: 1 } });
    analytics.page({ anonymousId: 'node-1', name: 'Front', properties: { path: '/' } });
    analytics.screen({ anonymousId: 'node-1', name: 'Home' });
    await analytics.closeAndFlush();
    const events = await server.eventsOnce('anonymous:node-1', 3);
    assert.deepEqual(errors, []);
    assert.equal(events.length, 3);
    const clicked = events.find((event) => event.event === 'Article Clicked');
    assert.deepEqual(clicked.items, ['a-1']);
    assert.equal(clicked.properties.n, 1);
  });

  it('links an anonymous visitor to a user by identify and alias', async () => {
    const { analytics, errors } = client();
    analytics.track({ anonymousId: 'node-2', event: 'Note Taken' });
    analytics.identify({ userId: 'user-2', anonymousId: 'node-2', traits: { plan: 'club' } });
    analytics.alias({ userId: 'user-2', previousId: 'old-user-2' });
    analytics.group({ userId: 'user-2', groupId: 'club-9' });
    await analytics.closeAndFlush();
    assert.deepEqual(errors, []);
    await server.eventsOnce('anonymous:node-2', 1);
    const person = await (await server.get('/v1/people/user-2')).json();
    const ids = person.ids.map((member) => member.id).sort();
    assert.deepEqual(ids, ['node-2', 'old-user-2', 'user-2']);
    const plan = person.facts.find((fact) => fact.name === 'plan');
    assert.equal(plan.value, 'club');
  });

  it('delivers a large batch once, in several calls', async () => {
    const { analytics, errors } = client({ flushAt: 15 });
    for (let n = 0; n < 100; ++n) {
      analytics.track({ anonymousId: 'node-3', event: 'Note Taken', messageId: `large-${n}`, properties: { n } });
    }
    await analytics.closeAndFlush();
    assert.deepEqual(errors, []);
    const events = await server.eventsOnce('anonymous:node-3', 100);
    assert.deepEqual(events.map((event) => event.properties.n).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, n) => n));
  });

  it('counts a message once that is sent twice', async () => {
    const { analytics } = client();
    for (let i = 0; i < 2; ++i) {
      analytics.track({ anonymousId: 'node-4', event: 'Note Taken', messageId: 'same-message' });
    }
    analytics.track({ anonymousId: 'node-4', event: 'Note Taken', messageId: 'another-message' });
    await analytics.closeAndFlush();
    assert.equal((await server.eventsOnce('anonymous:node-4', 2)).length, 2);
  });

  it('comes again after 429 and is counted once', async () => {
    const proxy = await startRefusingProxy(server.base, 2);
    try {
      const { analytics, errors } = client({ host: proxy.base });
      analytics.track({ anonymousId: 'node-5', event: 'Note Taken' });
      await analytics.closeAndFlush({ timeout: 20_000 });
      assert.equal((await server.eventsOnce('anonymous:node-5', 1)).length, 1);
      assert.deepEqual(errors, []);
      assert.equal(proxy.calls.filter((call) => call.refused).length, 2);
      assert.match(proxy.calls[0].headers['content-type'], /application\/json/);
    } finally {
      await proxy.stop();
    }
  });

  it('is told that a key is wrong', async () => {
    const { analytics, errors } = client({ writeKey: 'sk_live_nobody' });
    analytics.track({ anonymousId: 'node-6', event: 'Note Taken' });
    await analytics.closeAndFlush();
    assert.equal(errors.length, 1);
    assert.deepEqual(await server.events('anonymous:node-6'), []);
  });
});
